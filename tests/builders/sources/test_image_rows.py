from __future__ import annotations

import io
import json
import pickle
import tarfile

import datasets
import numpy as np
import polars as pl
import pytest
import yaml
from adaptlabels.builders import build
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.imagenet import ReassessedLabels, _timm_data, class_names, sample_id_of, synsets
from adaptlabels.builders.sources.items import Held, ImageItem, portions, shards
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.labels import DatasetFolder, InputError
from PIL import Image

from ... import program
from ...hub import Hub, online, running

IMAGENET = find_benchmark("imagenet")


def jpeg(colour):
    content = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "JPEG")
    return content.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A few images in ImageNet's layout, their identifiers not in the order of their classes."""
    root = tmp_path_factory.mktemp("imagenet")
    for number, target in enumerate([7, 1, 999, 1, 0], start=1):
        file = root / synsets()[target] / f"ILSVRC2012_val_{number:08d}.JPEG"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(jpeg((40 * number, 0, 0)))
    return root


def rows_of(folder):
    files = sorted(folder.rglob("*.JPEG"), key=lambda file: file.stat().st_size * 0 + hash(file.name) % 7)
    return [(file, synsets().index(file.parent.name)) for file in files]


def write_tars(folder, root, *, json_names=True):
    for part in range(2):
        with tarfile.open(root / f"imagenet1k-validation-{part}.tar", "w") as archive:
            for file, target in rows_of(folder)[part::2]:
                key = f"sample{target}-{file.stem[-3:]}" if json_names else file.stem
                about = json.dumps({"filename": file.name, "label": target}).encode()
                members = {"jpg": file.read_bytes(), "cls": str(target).encode()} | (
                    {"json": about} if json_names else {}
                )
                for suffix, content in members.items():
                    member = tarfile.TarInfo(f"{key}.{suffix}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))


def as_dataset(folder, label):
    rows = rows_of(folder)
    return datasets.Dataset.from_dict(
        {
            "image": [{"bytes": file.read_bytes(), "path": f"{file.stem}_{file.parent.name}.JPEG"} for file, _ in rows],
            "label": [target for _, target in rows],
        },
        features=datasets.Features({"image": datasets.Image(decode=False), "label": label}),
    )


def read(spec, benchmark=IMAGENET):
    source = open_source(benchmark, spec)
    items = sorted(source.items(), key=lambda item: item.sample_id)
    assert len(source) == len(items)
    return [(item.sample_id, item.target, item.category, item.content) for item in items]


def test_every_source_gives_the_same_images(folder, tmp_path):
    expected = read(f"imagefolder:{folder}")
    assert [row[0] for row in expected] == [f"ILSVRC2012_val_{n:08d}" for n in range(1, 6)]
    for json_names in (True, False):
        root = tmp_path / f"tars [{json_names}]"
        root.mkdir()
        write_tars(folder, root, json_names=json_names)
        assert read(f"webdataset:{root}") == expected
    as_dataset(folder, datasets.ClassLabel(names=list(synsets()))).to_parquet(tmp_path / "named.parquet")
    as_dataset(folder, datasets.Value("int64")).to_parquet(tmp_path / "plain.parquet")
    turned = list(synsets())[::-1]
    other_order = as_dataset(folder, datasets.ClassLabel(names=turned))
    other_order = other_order.map(lambda row: {"label": 999 - row["label"]})
    other_order.to_parquet(tmp_path / "turned.parquet")
    for name in ("named", "plain", "turned"):
        assert read(f"parquet:{tmp_path / f'{name}.parquet'}") == expected
    pl.DataFrame(
        {
            "image": [{"bytes": file.read_bytes(), "path": file.name} for file, _ in rows_of(folder)],
            "label": [target for _, target in rows_of(folder)],
        }
    ).write_parquet(tmp_path / "polars.parquet")
    assert read(f"parquet:{tmp_path / 'polars.parquet'}") == expected


def test_every_source_reads_the_real_images_to_the_same_table(shared_data, tmp_path):
    real = shared_data / "imagenet_sample" / "val"
    expected = read(f"imagefolder:{real}")
    assert len(expected) == 250
    write_tars(real, tmp_path, json_names=False)
    assert read(f"webdataset:{tmp_path}") == expected
    as_dataset(real, datasets.ClassLabel(names=list(synsets()))).to_parquet(tmp_path / "x.parquet")
    assert read(f"parquet:{tmp_path / 'x.parquet'}") == expected
    data = tmp_path / "repository" / "data"
    data.mkdir(parents=True)
    (tmp_path / "x.parquet").rename(data / "validation-00000-of-00001.parquet")
    hub = Hub()
    hub.add("org/images", tmp_path / "repository")
    code = (
        "from adaptlabels.builders.sources.benchmarks import find_benchmark\n"
        "from adaptlabels.builders.sources.opening import open_source\n"
        "for item in open_source(find_benchmark('imagenet'), 'hub:org/images').items():\n"
        "    print(item.sample_id, item.target, item.digest().hex())"
    )
    with running(hub):
        done = program.python(code, online(hub, tmp_path / "hf"))
    assert done.returncode == 0, done.stderr
    own = open_source(IMAGENET, f"imagefolder:{real}").items()
    assert sorted(done.stdout.splitlines()) == sorted(f"{i.sample_id} {i.target} {i.digest().hex()}" for i in own)


def write_parquet_files(folder, root):
    """The images in two files, whose row groups hold two rows at most."""
    rows = as_dataset(folder, datasets.ClassLabel(names=list(synsets())))
    for part in range(2):
        rows.select(range(3 * part, min(5, 3 * part + 3))).to_parquet(root / f"validation-{part}.parquet", batch_size=2)


@pytest.mark.parametrize("form", ["imagefolder", "parquet", "webdataset"])
@pytest.mark.parametrize("benchmark", ["imagenet", "imagenet-real"])
@pytest.mark.parametrize("limit", [None, 4])
def test_portions_read_elsewhere_are_the_shards(folder, tmp_path, form, benchmark, limit):
    place = folder
    if form != "imagefolder":
        place = tmp_path
        (write_parquet_files if form == "parquet" else write_tars)(folder, place)
    source = open_source(find_benchmark(benchmark), f"{form}:{place}", limit)
    for size in (1, 2, 3, 10):
        sent = [pickle.loads(pickle.dumps(portion)) for portion in portions(source, size)]
        assert [portion.read() for portion in sent] == list(shards(source, size))
        assert all(isinstance(portion.source, Held) == (form == "webdataset") for portion in sent)


def test_portions_of_a_hub_dataset_fetch_their_own_rows(folder, tmp_path):
    data = tmp_path / "repository" / "data"
    data.mkdir(parents=True)
    write_parquet_files(folder, data)
    hub = Hub()
    hub.add("org/images", tmp_path / "repository")
    code = (
        "import pickle\n"
        "from adaptlabels.builders.sources.benchmarks import find_benchmark\n"
        "from adaptlabels.builders.sources.opening import open_source\n"
        "from adaptlabels.builders.sources.items import portions, shards\n"
        "source = open_source(find_benchmark('imagenet'), 'hub:org/images')\n"
        "sent = [pickle.loads(pickle.dumps(portion)) for portion in portions(source, 2)]\n"
        "assert [type(portion.source).__name__ for portion in sent] == ['ImageRows'] * 3\n"
        "assert [portion.read() for portion in sent] == list(shards(source, 2))\n"
        "print([portion.source.name for portion in sent])"
    )
    with running(hub):
        done = program.python(code, online(hub, tmp_path / "hf"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['hub:org/images', 'hub:org/images', 'hub:org/images']\n"


EACH = """
import sys
from adaptlabels.scripts.cli import main
ends = []
for command in {commands!r}:
    sys.argv = ["adaptlabels", *command]
    try:
        main()
    except SystemExit as stopped:
        ends.append(stopped.code or 0)
print(ends)
"""
"""Runs the program once for each command, in a process that loads its libraries once, and prints the exit statuses."""


def test_the_hub_gives_the_labels_of_the_same_images_on_disk(folder, tmp_path):
    hub = Hub()
    split = {"split": "validation", "path": "data/*"}
    header = yaml.safe_dump({"configs": [{"config_name": "default", "data_files": [split]}]})
    for form in ("parquet", "webdataset"):
        data = tmp_path / form / "data"
        data.mkdir(parents=True)
        if form == "parquet":
            rows = as_dataset(folder, datasets.ClassLabel(names=list(synsets())))
            rows.cast_column("image", datasets.Image()).to_parquet(data / "validation-00000-of-00001.parquet")
        else:
            write_tars(folder, data)
        (tmp_path / form / "README.md").write_text(f"---\n{header}---\n")
        hub.add(f"org/{form}", tmp_path / form, "v1")
    hub.gated.add("org/gated")
    states = "".join(
        f'[[states]]\nname = "{name}"\narchitecture = "{name}.r160_in1k"\nsource = "timm/{name}"\n'
        for name in ("test_vit", "test_efficientnet")
    )
    (tmp_path / "tiny.toml").write_text(f'name = "tiny"\nrunner = "vision"\ndataset = "imagenet"\n{states}')
    commands = [
        [
            "build", "imagenet", form, "--source", f"hub:org/{form}{version}", "--families", str(tmp_path / "tiny.toml"),
            "--family", "tiny", "--weights", "random", "--device", "cpu",
        ]
        for form, version in (("parquet", "@v1"), ("webdataset", "@v1"), ("gated", ""))
    ]  # fmt: skip
    (tmp_path / "out").mkdir()
    with running(hub):
        done = program.python(EACH.format(commands=commands), online(hub, tmp_path / "hf"), tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[0, 0, 2]", done.stderr
    assert "org/gated is gated: accept its licence at https://huggingface.co/datasets/org/gated" in done.stderr
    own = build(
        "imagenet", tmp_path / "own", source=f"imagefolder:{folder}", families=("tiny",), families_file=tmp_path / "tiny.toml",
        random=True, device="cpu",
    )  # fmt: skip
    for form in ("parquet", "webdataset"):
        made = DatasetFolder(tmp_path / "out" / form)
        assert made.info.source == f"hub:org/{form}"
        assert made.info.source_revision == hub.commit(f"org/{form}", "main")
        assert made.labels("tiny").equals(own.labels("tiny"))
        assert made.predictions("tiny").equals(own.predictions("tiny"))


def test_rows_without_a_name_are_numbered(folder, tmp_path):
    data = as_dataset(folder, datasets.Value("int64"))
    data = data.map(lambda row: {"image": {"bytes": row["image"]["bytes"], "path": None}})
    data.to_parquet(tmp_path / "x.parquet")
    assert [row[0] for row in read(f"parquet:{tmp_path}")] == [f"validation-{n}" for n in range(5)]


def test_damaged_and_strange_files_are_named(folder, tmp_path):
    for spec, message in [
        (f"webdataset:{tmp_path}", "no such file, and no folder with .tar files"),
        (f"parquet:{tmp_path / 'none.parquet'}", "no such file"),
    ]:
        with pytest.raises(InputError, match=message):
            open_source(IMAGENET, spec)
    (tmp_path / "a.tar").write_bytes(b"no tar")
    with pytest.raises(InputError, match=r"a\.tar: cannot be read"):
        open_source(IMAGENET, f"webdataset:{tmp_path}")
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read"):
        open_source(IMAGENET, f"parquet:{tmp_path}")
    as_dataset(folder, datasets.Value("int64")).remove_columns("label").to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="expected one image and one class label column, found image"):
        open_source(IMAGENET, f"parquet:{tmp_path / 'b.parquet'}")
    as_dataset(folder, datasets.ClassLabel(names=[str(n) for n in range(1200)])).to_parquet(tmp_path / "c.parquet")
    with pytest.raises(InputError, match="its 1200 classes are not the 1000"):
        open_source(IMAGENET, f"parquet:{tmp_path / 'c.parquet'}")
    bad = as_dataset(folder, datasets.Value("int64")).map(lambda row: {"label": 1000})
    bad.to_parquet(tmp_path / "d.parquet")
    with pytest.raises(InputError, match=r"row 0: label 1000 is not one of the 1000 classes"):
        list(open_source(IMAGENET, f"parquet:{tmp_path / 'd.parquet'}").items())


def test_a_row_without_an_image_has_a_problem(folder, tmp_path):
    data = as_dataset(folder, datasets.Value("int64")).map(lambda row: {"image": {"bytes": b"", "path": "x.JPEG"}})
    data.to_parquet(tmp_path / "x.parquet")
    item = next(iter(open_source(IMAGENET, f"parquet:{tmp_path}").items()))
    assert item.problem == "has no image"


@pytest.mark.parametrize(
    ("name", "classes", "folder_name", "index"),
    [
        ("imagenet-v2", 1000, "12", 12),
        ("imagenet-sketch", 1000, "n01440764", 0),
        ("imagenet-a", 200, "n01498041", 0),
        ("imagenet-r", 200, "n01443537", 0),
    ],
)
def test_later_datasets_of_imagenets_classes(tmp_path, name, classes, folder_name, index):
    benchmark = find_benchmark(name)
    assert len(benchmark.class_ids) == classes
    space = benchmark.answers
    assert space.n_classes == 1000
    if classes < 1000:
        assert [synsets()[place] for place in space.subset] == list(benchmark.class_ids)
    with pytest.raises(InputError, match="has no source of its own"):
        open_source(benchmark, None)
    for number in (index, index + 1):
        inside = tmp_path / (str(number) if name == "imagenet-v2" else benchmark.class_ids[number])
        inside.mkdir()
        (inside / "art_0.jpg").write_bytes(jpeg(number))
    items = list(open_source(benchmark, f"imagefolder:{tmp_path}").items())
    assert (tmp_path / folder_name).is_dir()
    assert items[0].sample_id == f"{folder_name}/art_0"  # every class may have a file of that name
    assert [item.target for item in items] == [index, index + 1]
    assert [item.category for item in items] == [benchmark.class_names[index], benchmark.class_names[index + 1]]


def test_class_names_are_wordnets_first_words():
    called = dict(line.split("\t") for line in _timm_data("imagenet_synset_to_lemma.txt").splitlines())
    for synset, name in zip(synsets(), class_names(), strict=True):
        first = called[synset].strip('"').split(", ")[0]
        assert name in (first, f"{first} ({synset})")
    assert len(set(class_names())) == 1000


def test_reassessed_labels_take_all_classes_that_people_saw(folder):
    items = {
        item.sample_id: item for item in open_source(find_benchmark("imagenet-real"), f"imagefolder:{folder}").items()
    }
    # ImageNet's own labels of the first images are 65, 970, 230 …; people saw no class in some (timm's copy of ReaL)
    with_labels = [item for item in items.values() if item.target is not None]
    assert with_labels
    for item in with_labels:
        assert item.target not in item.also_right


class Three:
    name, revision = "three", None

    def __len__(self):
        return 3

    def items(self):
        # People saw 970 and 795 in the second image, and nothing in the first.
        for name, target in [("ILSVRC2012_val_00000002", 795), ("ILSVRC2012_val_00000002", 3)]:
            yield ImageItem(name, target, "g", b"", "p")
        yield ImageItem("ILSVRC2012_val_00000001", 65, "g", b"", "p")


def test_the_reassessed_target_is_imagenets_own_where_people_saw_it():
    own, another, unseen = ReassessedLabels(Three()).items()
    assert (own.target, own.category, own.also_right) == (795, "ski", (970,))
    assert (another.target, another.also_right) == (970, (795,))
    assert another.category == "alp"
    assert (unseen.target, unseen.also_right) == (None, ())


def test_identifiers_from_file_names():
    assert sample_id_of("a\\n01443537\\art_0.jpg", with_class=True) == "n01443537/art_0"
    assert sample_id_of("n02110185_1234_n02110185.JPEG") == "n02110185_1234"
    assert sample_id_of("x/noextension") == "noextension"
    assert np.all([sample_id_of(f"{n}.png") == str(n) for n in range(3)])
