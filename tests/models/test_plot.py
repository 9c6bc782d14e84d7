"""Pictures of models are valid SVG and show each layer once, and the links that the graph has and no others."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import pytest
from functional_programs import Program, made, programs
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twins import forget_names

import tinynet
from tinynet import Input, Model, Sequential, layers
from tinynet.errors import ArgumentError, MissingFileError, NotBuiltError
from tinynet.utils import plot_model

SVG = "{http://www.w3.org/2000/svg}"
ROUNDING = 0.2  # numbers are written with one digit
Point = tuple[float, float]


@dataclass
class Rectangle:
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, point: Point, margin: float = ROUNDING) -> bool:
        x, y = point
        return self.left - margin <= x <= self.right + margin and self.top - margin <= y <= self.bottom + margin

    def overlaps(self, other: Rectangle) -> bool:
        beside = self.right <= other.left + ROUNDING or other.right <= self.left + ROUNDING
        return not (beside or self.bottom <= other.top + ROUNDING or other.bottom <= self.top + ROUNDING)

    def holds(self, other: Rectangle) -> bool:
        wide = self.left < other.left and other.right < self.right
        return wide and self.top < other.top and other.bottom < self.bottom


class Seen:
    """A picture read back from its SVG, in the picture's own coordinates."""

    def __init__(self, picture: str) -> None:
        self.boxes: list[Rectangle] = []
        self.models: list[Rectangle] = []
        self.texts: list[str] = []
        self.lines: list[tuple[list[Point], Point | None]] = []  # corners, and the tip of the arrow
        self.root = ElementTree.fromstring(picture)
        self._read(self.root, 0.0, 0.0)

    def _read(self, element: Any, x: float, y: float) -> None:
        parts = list(element)
        for part, after in zip(parts, [*parts[1:], None], strict=True):
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", part.get("d") or part.get("points") or "")]
            if part.tag == f"{SVG}g":
                dx, dy = map(float, re.findall(r"-?[\d.]+", part.get("transform")))
                self._read(part, x + dx, y + dy)
            elif part.tag == f"{SVG}text":
                self.texts.append(part.text)
            elif part.tag == f"{SVG}rect" and part.get("x") is not None:
                left, top = x + float(part.get("x")), y + float(part.get("y"))
                right, bottom = left + float(part.get("width")), top + float(part.get("height"))
                if part.get("stroke-dasharray"):
                    self.models.append(Rectangle("", left, top, right, bottom))
                elif part.get("fill") == "black":
                    self.boxes.append(Rectangle(after.text, left, top, right, bottom))
                else:  # a cell belongs to the box whose heading came before
                    self.boxes[-1].bottom = max(self.boxes[-1].bottom, bottom)
            elif part.tag == f"{SVG}path":
                points = [(x + a, y + b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
                tip = None
                if after is not None and after.tag == f"{SVG}polygon":
                    a, b = re.findall(r"-?[\d.]+", after.get("points"))[:2]
                    tip = x + float(a), y + float(b)
                self.lines.append((points, tip))

    def links(self) -> set[tuple[str, str]]:
        """From which box to which the lines lead."""
        found = set()
        for points, tip in self.lines:
            assert tip in (points[0], points[-1])
            start, end = (points[0], points[-1]) if tip == points[-1] else (points[-1], points[0])
            found.add((self.box_at(start), self.box_at(end)))
        return found

    def box_at(self, point: Point) -> str:
        (box,) = [box for box in self.boxes if box.meets(point)]
        return box.text

    def assert_readable(self) -> None:
        """Nothing lies on anything else, and nothing is outside."""
        width, height = float(self.root.get("width")), float(self.root.get("height"))
        for i, one in enumerate(self.boxes):
            assert 0 <= one.left and 0 <= one.top and one.right <= width + 1 and one.bottom <= height + 1
            assert not any(one.overlaps(other) for other in self.boxes[:i])
        for points, _ in self.lines:
            for one, other in zip(points, points[1:], strict=False):
                middle = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
                assert not any(box.meets(middle, -ROUNDING) for box in self.boxes)


def named(operation: Any) -> str:
    return f"{operation.name} ({type(operation).__name__})"


def links_of(keras_model: Any) -> set[tuple[str, str]]:
    """What Keras's own plot would draw: for every call in the model, from where its inputs come."""
    links = set()
    own = {id(node) for nodes in keras_model._nodes_by_depth.values() for node in nodes}
    for operation in keras_model._operations:
        for node in operation._inbound_nodes:
            if id(node) in own:
                links |= {(named(t._keras_history.operation), named(operation)) for t in node.input_tensors}
    return links


@settings(max_examples=30, deadline=None)
@given(program=programs(), rankdir=st.sampled_from(["TB", "LR"]), shapes=st.booleans())
def test_random_graphs(program: Program, rankdir: str, shapes: bool) -> None:
    forget_names()
    ours, theirs = made(tinynet, program), made(keras, program)
    options = {"show_layer_names": True, "rankdir": rankdir, "show_shapes": shapes}
    seen = Seen(plot_model(ours, None, **options))
    assert sorted(box.text for box in seen.boxes) == sorted(map(named, theirs._operations))
    assert seen.links() == links_of(theirs)
    seen.assert_readable()
    for splines in ("polyline", "curved"):
        assert Seen(plot_model(ours, None, splines=splines, **options)).links() == seen.links()


@settings(max_examples=20, deadline=None)
@given(program=programs(), rankdir=st.sampled_from(["TB", "LR"]))
def test_models_within_models(program: Program, rankdir: str) -> None:
    model = made(tinynet, program)

    def parts(inside: Any) -> list[Any]:
        own = inside.layers if isinstance(inside, Sequential) else inside._graph.operations
        return [part for one in own for part in (parts(one) if isinstance(one, Model) else [one])]

    seen = Seen(plot_model(model, None, show_layer_names=True, expand_nested=True, rankdir=rankdir))
    assert sorted(box.text for box in seen.boxes) == sorted(
        f"{part.name} ({getattr(part, 'class_name', type(part).__name__)})" for part in parts(model)
    )
    seen.assert_readable()
    for frame in seen.models:
        assert all(frame.holds(box) or not frame.overlaps(box) for box in seen.boxes)


def test_lines_reach_the_layers_of_a_model_within() -> None:
    a, b = Input((3,), name="a"), Input((3,), name="b")
    p, q = Input((3,), name="p"), Input((3,), name="q")
    pair = Model([p, q], [layers.Dense(3, name="r")(p), layers.Dense(3, name="s")(q)], name="pair")
    model = Model([a, b], [layers.ReLU(name="last")(pair([b, a])[1])])
    seen = Seen(plot_model(model, None, show_layer_names=True, expand_nested=True))
    joints: dict[Point, Any] = {}  # where lines that end at the frame of a model begin again
    followed = set()
    for points, _ in seen.lines:
        joints.setdefault(tuple(round(c) for c in points[0]), []).append(points[-1])  # type: ignore[arg-type]

    def follow(start: str, point: Point) -> None:
        boxes = [box.text for box in seen.boxes if box.meets(point)]
        if boxes:
            followed.add((start, boxes[0]))
        for end in () if boxes else joints.get(tuple(round(c) for c in point), ()):  # type: ignore[arg-type]
            follow(start, end)

    for points, _ in seen.lines:
        starts = [box.text for box in seen.boxes if box.meets(points[0])]
        if starts:
            follow(starts[0], points[-1])
    assert followed == {
        ("a (InputLayer)", "q (InputLayer)"), ("b (InputLayer)", "p (InputLayer)"),
        ("p (InputLayer)", "r (Dense)"), ("q (InputLayer)", "s (Dense)"), ("s (Dense)", "last (ReLU)"),
    }  # fmt: skip


def cnn() -> Any:
    return Sequential([
        layers.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(trainable=False),
        layers.Flatten(), layers.Dense(2, activation="softmax"),
    ], name="cnn")  # fmt: skip


def test_a_sequential_with_all_details() -> None:
    forget_names()
    seen = Seen(plot_model(cnn(), None, True, True, True, show_layer_activations=True, show_trainable=True))
    names = ["conv2d (Conv2D)", "batch_normalization (BatchNormalization)", "flatten (Flatten)", "dense (Dense)"]
    assert [box.text for box in seen.boxes] == names
    assert seen.links() == set(zip(names, names[1:], strict=False))
    assert seen.texts[:6] == [
        names[0], "Activation: relu", "Input shape: (None, 8, 8, 3)", "Output shape: (None, 6, 6, 4)",
        "Output dtype: float32", "Trainable",
    ]  # fmt: skip
    assert seen.texts.count("Non-trainable") == 1 and seen.texts.count("Trainable") == 2
    assert "Activation: softmax" in seen.texts


def test_names_are_shown_on_demand_as_in_keras() -> None:
    seen = Seen(plot_model(cnn(), None))
    assert [box.text for box in seen.boxes] == ["Conv2D", "BatchNormalization", "Flatten", "Dense"]


def test_a_layer_called_on_its_own_result() -> None:
    x = Input((3,), name="x")
    shared = layers.Dense(3, name="shared")
    model = Model(x, shared(layers.ReLU(name="between")(shared(shared(x)))))
    seen = Seen(plot_model(model, None, show_layer_names=True))
    assert seen.links() == {
        ("x (InputLayer)", "shared (Dense)"), ("shared (Dense)", "shared (Dense)"),
        ("shared (Dense)", "between (ReLU)"), ("between (ReLU)", "shared (Dense)"),
    }  # fmt: skip
    seen.assert_readable()


def test_a_class_of_ones_own_is_one_box() -> None:
    class Own(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    model = Own()
    model.predict([[1.0, 2.0]], verbose=0)
    seen = Seen(plot_model(model, None, show_shapes=True, show_trainable=True))
    assert [box.text for box in seen.boxes] == ["Own"] and seen.lines == []
    assert seen.texts[1:] == ["Input shape: ?", "Output shape: ?", "Trainable"]


@settings(max_examples=50, deadline=None)
@given(name=st.text(st.characters(codec=None), min_size=1, max_size=200))
@example('</text><script>alert("1")</script>')
@example("]]>&amp;<!--\x00\ud800\u202e'")
def test_any_name_makes_valid_svg(name: str) -> None:
    model = Sequential([layers.Input((2,)), layers.Dense(2, name="d"), Sequential([layers.Input((2,)), layers.ReLU()])])
    model.layers[0].name = name
    model.layers[1].name = name
    model.name = name
    seen = Seen(plot_model(model, None, show_layer_names=True, expand_nested=True))
    tags = {element.tag.removeprefix(SVG) for element in seen.root.iter()}
    assert tags == {"svg", "title", "rect", "g", "text", "path", "polygon"}
    seen.assert_readable()
    if len(name) < 60 and name.isprintable():
        assert seen.boxes[0].text == f"{name} (Dense)"


def test_deep_and_wide_models() -> None:
    x = Input((2,))
    h = x
    for _ in range(300):
        h = layers.ReLU()(h)
    wide = layers.Dense(2)(h + x)
    for part in [layers.ReLU()(wide) for _ in range(60)]:
        wide = wide + part
    seen = Seen(plot_model(Model(x, wide), None))
    assert len(seen.boxes) == 1 + 300 + 1 + 1 + 60 + 60
    seen.assert_readable()


def test_files(tmp_path: Path) -> None:
    picture = plot_model(cnn(), tmp_path / "model.svg", rankdir="LR")
    assert (tmp_path / "model.svg").read_text(encoding="utf-8") == picture == picture._repr_svg_()
    with pytest.raises(MissingFileError, match="does not exist"):
        plot_model(cnn(), tmp_path / "nowhere" / "model.svg")
    for name in ("model.png", "model", "model.svg.pdf"):
        with pytest.raises(ArgumentError, match=rf"ends in \.svg, received .*{name}"):
            plot_model(cnn(), name)
    assert list(tmp_path.iterdir()) == [tmp_path / "model.svg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rankdir": "BT"}, "rankdir 'TB' or 'LR', received 'BT'"),
        ({"splines": "wavy"}, "splines among ortho.*received 'wavy'"),
        ({"layer_range": ["a", "b"]}, "layer_range is not supported"),
    ],
)
def test_what_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        plot_model(cnn(), None, **arguments)


def test_what_is_no_model_or_not_built() -> None:
    with pytest.raises(ArgumentError, match="expected a model, received"):
        plot_model(layers.Dense(2), None)  # type: ignore[arg-type]
    with pytest.raises(NotBuiltError, match="is not built"):
        plot_model(Sequential([layers.Dense(2)]), None)
