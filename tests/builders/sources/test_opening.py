from __future__ import annotations

import gzip
import json

import pytest
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.choice_forms import hellaswag_item
from adaptlabels.builders.sources.items import shards
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.labels import InputError
from PIL import Image

ROW = {
    "ind": 24,
    "activity_label": "Roof shingle removal",
    "ctx_a": "A man is sitting on a roof.",
    "ctx_b": "he",
    "endings": ["is using wrap.", "is ripping [step] level tiles off.", "is holding a cube.", "starts pulling up."],
    "label": "3",
    "split": "val",
}


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"jsonl:{path}"


def test_hellaswag_text_is_what_lm_eval_makes_of_it():
    item = hellaswag_item(ROW, "here")
    assert item.context == "Roof shingle removal: A man is sitting on a roof. He"
    assert item.choices[1] == "is ripping level tiles off."
    assert (item.sample_id, item.target, item.category) == ("val-24", 3, "Roof shingle removal")
    assert item.source_id is None
    assert (
        hellaswag_item({**ROW, "source_id": "activitynet~v_-JhWjGDPHMY"}, "here").source_id
        == "activitynet~v_-JhWjGDPHMY"
    )


def test_plain_and_gzip_lines_read_the_same(tmp_path):
    rows = [{**ROW, "ind": i} for i in range(5)]
    hellaswag = find_benchmark("hellaswag")
    plain = open_source(hellaswag, write_jsonl(tmp_path / "a.jsonl", rows))
    (tmp_path / "a.gz").write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    packed = open_source(hellaswag, f"jsonl:{tmp_path / 'a.gz'}")
    assert [item.digest() for item in plain.items()] == [item.digest() for item in packed.items()]
    assert len(open_source(hellaswag, f"jsonl:{tmp_path / 'a.gz'}", limit=3)) == 3
    assert [len(shard.items) for shard in shards(plain, 2)] == [2, 2, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": ""}, "line 2: column 'label' holds '': no label; items without an answer"),
        ({"label": None}, "line 2: column 'label' holds None: no label"),
        ({"label": "4"}, "line 2: column 'label' holds '4': Input should be '0', '1', '2' or '3'"),
        ({"label": "-1"}, "line 2: column 'label' holds '-1'"),
        ({"endings": ["a", "b", "c"]}, "line 2: column 'endings' holds ['a', 'b', 'c']: List should have at least 4"),
        ({"endings": ["a", "b", "[x]", "c"]}, "line 2: column 'endings'[2] holds '': String should have at least 1"),
        ({"endings": ["word " * 100] * 3}, "word …: List should have at least 4 items"),
        ({"ind": 24}, "have the same identifier 'val-24'"),
        ({"ctx_b": None}, "line 2: column 'ctx_b' holds None: Input should be a valid string"),
    ],
)
def test_a_bad_item_is_named_by_file_and_line(tmp_path, change, message):
    spec = write_jsonl(tmp_path / "a.jsonl", [ROW, {**ROW, "ind": 25, **change}])
    with pytest.raises(InputError) as caught:
        open_source(find_benchmark("hellaswag"), spec)
    assert message in str(caught.value)
    assert "a.jsonl" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no items"),
        (b"{]", "line 1: invalid JSON"),
        (b"[1]", "line 1: expected an object"),
        (b"{}", "line 1: column 'ind' is missing"),
        (gzip.compress(b"{}" * 1000, mtime=0)[:-10], "cannot be read"),
        (b"\xff\xfe{}", "cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, content, message):
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_source(find_benchmark("hellaswag"), f"jsonl:{tmp_path / 'a.jsonl'}")


def image_file(path, colour=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), colour).save(path)


def test_images_come_in_order_of_their_identifiers_with_class_and_content(tmp_path):
    image_file(tmp_path / "7" / "b.png", 5)
    image_file(tmp_path / "1" / "c.png")
    image_file(tmp_path / "3" / "a.png")
    (tmp_path / "1" / ".DS_Store").write_text("x")
    items = list(open_source(find_benchmark("digits"), f"imagefolder:{tmp_path}").items())
    assert [(item.sample_id, item.target, item.category) for item in items] == [
        ("a", 3, "3"),
        ("b", 7, "7"),
        ("c", 1, "1"),
    ]
    assert items[1].content == (tmp_path / "7" / "b.png").read_bytes()


def test_imagenet_identifiers_and_synsets(tmp_path):
    image_file(tmp_path / "n01440764" / "ILSVRC2012_val_00000293.JPEG")
    (item,) = open_source(find_benchmark("imagenet"), f"imagefolder:{tmp_path}").items()
    assert (item.sample_id, item.target, item.category) == ("ILSVRC2012_val_00000293", 0, "tench")


def test_folders_that_are_no_image_folders_are_refused(tmp_path):
    digits = find_benchmark("digits")
    with pytest.raises(InputError, match="no such folder"):
        open_source(digits, f"imagefolder:{tmp_path / 'none'}")
    with pytest.raises(InputError, match="no images"):
        open_source(digits, f"imagefolder:{tmp_path}")
    image_file(tmp_path / "1" / "a.png")
    (tmp_path / "1" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"notes\.txt: not an image file"):
        open_source(digits, f"imagefolder:{tmp_path}")
    (tmp_path / "1" / "notes.txt").unlink()
    image_file(tmp_path / "2" / "a.png")
    with pytest.raises(InputError, match="have the same identifier 'a'"):
        open_source(digits, f"imagefolder:{tmp_path}")
    (tmp_path / "2" / "a.png").unlink()
    image_file(tmp_path / "cats" / "b.png")
    with pytest.raises(InputError, match="cats: not a class of this dataset"):
        open_source(digits, f"imagefolder:{tmp_path}")


@pytest.mark.parametrize("spec", ["", "jsonl:", "jsonl:x", "parquet:x", "imagefolder", "hub:", "hub:justname"])
def test_unknown_forms_of_source_are_refused(spec):
    with pytest.raises(InputError):
        open_source(find_benchmark("imagenet"), spec or "none")


def test_unknown_dataset_and_limit_are_refused():
    with pytest.raises(InputError, match=r"no dataset 'cifar'; there are imagenet, imagenet-real, .*, stories"):
        find_benchmark("cifar")
    with pytest.raises(InputError, match="at least one sample"):
        open_source(find_benchmark("digits"), None, limit=0)


def test_the_embedded_datasets_are_the_same_every_time():
    for name, size in (("digits", 899), ("stories", 1000)):
        one, two = (open_source(find_benchmark(name), None) for _ in range(2))
        assert len(one) == size
        assert one.name == "embedded"
        assert [item.digest() for item in one.items()] == [item.digest() for item in two.items()]


def test_real_hellaswag_items_read_whole(shared_data):
    source = open_source(find_benchmark("hellaswag"), f"jsonl:{shared_data / 'hellaswag' / 'hellaswag_val.jsonl.gz'}")
    assert len(source) == 10_042


def test_real_imagenet_images_read_whole(shared_data):
    source = open_source(find_benchmark("imagenet"), f"imagefolder:{shared_data / 'imagenet_sample' / 'val'}")
    items = list(source.items())
    assert len(items) == 250
    assert len({item.target for item in items}) == 250


ARC = {
    "id": "Mercury_1", "question": "Which is hot?", "answerKey": "2",
    "choices": {"text": ["ice", "fire", "rain"], "label": ["1", "2", "3"]},
}  # fmt: skip
WINO = {"sentence": "Ann told Bea that _ had won.", "option1": "Ann", "option2": "Bea", "answer": "1"}
BOOLQ = {"idx": 3, "passage": "Ice floats.", "question": "does ice sink", "label": 0}
PIQA = {"goal": "To open a jar", "sol1": "twist the lid", "sol2": "wait", "label": 0}


def test_arc_and_piqa_read_as_the_harness_words_them(tmp_path):
    (item,) = open_source(find_benchmark("arc-easy"), write_jsonl(tmp_path / "a.jsonl", [ARC])).items()
    assert (item.sample_id, item.target, item.category) == ("Mercury_1", 1, None)
    assert item.context == "Question: Which is hot?\nAnswer:"
    assert item.choices == ("ice", "fire", "rain")
    items = list(open_source(find_benchmark("piqa"), write_jsonl(tmp_path / "p.jsonl", [PIQA, PIQA])).items())
    assert [item.sample_id for item in items] == ["validation-0", "validation-1"]
    assert items[0].choices == ("twist the lid", "wait")
    assert find_benchmark("piqa").class_names == ("0", "1")
    assert len(find_benchmark("arc-challenge").class_names) == 5


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("arc-easy", {**ARC, "answerKey": "D"}, "answerKey 'D' is not one of '1', '2', '3'"),
        ("arc-easy", {**ARC, "choices": ["a"]}, "column 'choices' holds"),
        (
            "arc-easy",
            {**ARC, "choices": {"text": ["a", ""], "label": ["1", "2"]}},
            "column 'choices'['text'][1] holds ''",
        ),
        ("arc-easy", {"id": "x"}, "column 'choices' is missing"),
        ("winogrande", {**WINO, "answer": ""}, "column 'answer' holds '': no label"),
        (
            "winogrande",
            {**WINO, "sentence": "Bea won _ "},
            "column 'sentence' holds 'Bea won _ ': expected a blank, '_',",
        ),
        ("boolq", {**BOOLQ, "label": -1}, "column 'label' holds -1: Input should be a valid boolean"),
        ("piqa", {**PIQA, "label": -1}, "column 'label' holds -1: Input should be 0, 1"),
        ("piqa", {**PIQA, "sol2": None}, "column 'sol2' holds None: Input should be a valid string"),
    ],
)
def test_a_bad_row_of_arc_or_piqa_is_named(tmp_path, name, row, message):
    with pytest.raises(InputError) as caught:
        open_source(find_benchmark(name), write_jsonl(tmp_path / "a.jsonl", [row]))
    assert message in str(caught.value)
    assert "line 1" in str(caught.value)


def test_other_splits_are_labelled_without_published_accuracies():
    hellaswag = find_benchmark("hellaswag")
    assert hellaswag.at_split(None) is hellaswag
    train = hellaswag.at_split("train")
    assert (train.split, train.full_size) == ("train", None)
    with pytest.raises(InputError, match="`split` 'test': hellaswag has validation, train"):
        hellaswag.at_split("test")
