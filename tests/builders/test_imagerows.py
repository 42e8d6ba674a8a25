from __future__ import annotations

import io
import json
import tarfile

import datasets
import numpy as np
import polars as pl
import pytest
from adaptlabels.builders.benchmarks import find_benchmark, open_source
from adaptlabels.builders.imagenet import ReassessedLabels, sample_id_of, synsets
from adaptlabels.builders.items import ImageItem
from adaptlabels.labels import InputError
from PIL import Image

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
    return [(item.sample_id, item.target, item.group, item.content) for item in items]


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
    assert len(benchmark.class_names) == classes
    space = benchmark.answers
    assert space.n_classes == 1000
    if classes < 1000:
        assert [synsets()[place] for place in space.subset] == list(benchmark.class_names)
    with pytest.raises(InputError, match="has no source of its own"):
        open_source(benchmark, None)
    for number in (index, index + 1):
        inside = tmp_path / (str(number) if name == "imagenet-v2" else benchmark.class_names[number])
        inside.mkdir()
        (inside / "art_0.jpg").write_bytes(jpeg(number))
    items = list(open_source(benchmark, f"imagefolder:{tmp_path}").items())
    assert (tmp_path / folder_name).is_dir()
    assert items[0].sample_id == f"{folder_name}/art_0"  # every class may have a file of that name
    assert [item.target for item in items] == [index, index + 1]


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
    assert (own.target, own.group, own.also_right) == (795, "ski", (970,))
    assert (another.target, another.also_right) == (970, (795,))
    assert another.group == "alp"
    assert (unseen.target, unseen.also_right) == (None, ())


def test_identifiers_from_file_names():
    assert sample_id_of("a\\n01443537\\art_0.jpg", with_class=True) == "n01443537/art_0"
    assert sample_id_of("n02110185_1234_n02110185.JPEG") == "n02110185_1234"
    assert sample_id_of("x/noextension") == "noextension"
    assert np.all([sample_id_of(f"{n}.png") == str(n) for n in range(3)])
