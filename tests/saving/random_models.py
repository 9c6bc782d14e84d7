"""Random models of all layers: hypothesis strategies that draw recipes.

A layer's arguments come from the strategy of its class in `layer_cases`, which also gives inputs
that they fit. In a model the layer is called on an earlier tensor where Keras takes it, on one that
was brought into that shape, or on a new input. So a class that has cases is drawn in models, too.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tinynet.layers
from hypothesis import reject
from hypothesis import strategies as st
from keras_oracle import Case, Inner, forget_names
from layer_cases import STRATEGIES, any_misplaced, cases
from recipes import FUNCTIONS, Call, Function, Given, Place, Recipe, called, callee, classes_in

# Not called in models by themselves: inputs are drawn with every model, cells within an RNN.
CELLS = ["SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells"]
# Keras's symbolic Equalization may return the very input, which no graph of its own then takes as an output.
WITHIN_OTHERS = {"InputLayer": None, "Equalization": None, **dict.fromkeys(CELLS, "RNN")}
# What only certain values make sense for (numbers of rows, steps to skip) is given those of its own case.
OF_ITS_OWN_INPUT = {"CategoryEncoding", "Embedding", "Masking"}
# Their results are numbers of rows for an Embedding, or counts, of which Keras says they are floats, for a Dense.
LOOKS_UP = {"Discretization", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"}
MOST_IDS = 20
# In a model images come in batches, while the layer alone takes a single one, too.
OF_IMAGES = {
    name for name, cls in tinynet.layers.CATALOGUE.by_class_name.items()
    if issubclass(cls, tinynet.layers.images.ImageLayer)
}  # fmt: skip
LARGEST = 300  # elements of a tensor for each row

STEPS = sorted(set(STRATEGIES) - set(WITHIN_OTHERS))
BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "concatenate", "stack", "divide by a softplus", "where"]
UNARY = sorted(set(FUNCTIONS) - set(BINARY))


@st.composite
def models(draw: st.DrawFn, including: str | None = None) -> Recipe:
    """A model, of which the class `including` is a part."""
    forget_names()
    kind = draw(st.sampled_from(["functional", "functional", "functional", "sequential", "deferred"]))
    draft = Draft(draw, rows=draw(st.integers(1, 4)), batch_known=kind == "functional" and draw(st.integers(0, 3)) == 0)
    if kind != "functional":
        return draft.sequential(kind, including, draw(st.integers(1, 5)))
    count = draw(st.integers(1, 7))
    where = draw(st.integers(0, count - 1))
    for number in range(count):
        draft.step(including if number == where else None)
    return draft.finished(draw(st.sampled_from(["one", "list", "dict"])))


class Refused(Exception):
    """Keras does not take a call, or its result is too large for the purpose."""


class Draft:
    """A functional recipe while it is drawn; it is made in Keras on the way, which decides what fits."""

    def __init__(self, draw: st.DrawFn, rows: int, batch_known: bool = False, depth: int = 0) -> None:
        self.draw, self.rows, self.depth = draw, rows, depth
        self.batch = rows if batch_known else None
        self.inputs: list[Given] = []
        self.calls: list[Call] = []
        self.tensors: dict[Place, Any] = {}
        self.callees: list[Any] = []

    def finished(self, structure: str = "list") -> Recipe:
        """The recipe; what nothing was made of is its output."""
        used = {place for call in self.calls for place in _places([call.operands, list(call.keywords.values())])}
        outputs = [place for place in self.tensors if place not in used and place[0] >= 0]
        seed = self.draw(st.integers(0, 2**32 - 1))
        return Recipe("functional", self.inputs, self.calls, outputs, structure, self.batch, seed)

    def sequential(self, kind: str, including: str | None, length: int) -> Recipe:
        """A chain of layers."""
        case = self.case(including)
        if isinstance(case.inputs, list):  # which is no chain
            self.layer_on_new_input(case)
            return self.finished()
        (place,) = self.layer_on_new_input(self.linked(case))
        if place in self.looked_up():
            (place,) = self.attempt(self.embedded, place) or [place]
        for _ in range(length - 1):
            case = self.case(None)
            fits = not needs_its_input(case) and not isinstance(case.inputs, list)
            if fits and self.tensors[place].dtype == "float32" and place not in self.looked_up():
                (place,) = self.attempt(self.layer_as_it_is, self.linked(case), place) or [place]
        if self.inputs[0].dtype != "float32" or None in self.inputs[0].shape:
            kind = "sequential"  # the shape alone does not say what the input is
        return Recipe(kind, self.inputs, self.calls, [place], weights_seed=self.draw(st.integers(0, 2**32 - 1)))

    @staticmethod
    def linked(case: Case) -> Case:
        """The case with one input and one result."""
        arguments = {key: value for key, value in case.arguments.items() if key != "return_state"}
        if case.class_name == "Bidirectional":
            inner = {key: Inner(value.class_name, {**value.arguments, "return_state": False})
                     for key, value in arguments.items() if isinstance(value, Inner)}  # fmt: skip
            arguments = {**arguments, **inner, "merge_mode": arguments.get("merge_mode") or "sum"}
        return dataclasses.replace(case, arguments=arguments, states=None, call={})

    def case(self, class_name: str | None) -> Case:
        """Arguments for a layer and inputs they fit, as Keras can have them in a float32 model on a CPU."""
        wanted = class_name or self.draw(st.sampled_from(STEPS))
        outer = WITHIN_OTHERS.get(wanted) or wanted
        strategy = cases(outer)
        if outer != wanted:
            strategy = strategy.filter(lambda case: wanted in set(classes_in(case.arguments)))
        case = self.draw(strategy)
        case.arguments = self.adapted(case.arguments, case.keras_moves_channels)
        if case.keras_moves_channels:
            case.inputs = np.moveaxis(case.inputs, 1, -1)
        if wanted in OF_IMAGES and case.inputs.ndim == 3:
            case.inputs = case.inputs[None]
        arrays = [array.astype("float32") if array.dtype == "float64" else array for array in arrays_of(case)]
        case.inputs = arrays if isinstance(case.inputs, list) else arrays[0]
        return case

    def adapted(self, arguments: dict[str, Any], moves_channels: bool = False) -> dict[str, Any]:
        changed = {}
        for key, value in arguments.items():
            if key == "dtype" and value == "float64" or key == "stateful" and self.batch is None:
                continue
            if isinstance(value, Inner):
                value = Inner(value.class_name, self.adapted(value.arguments))
            elif isinstance(value, list):
                value = [Inner(v.class_name, self.adapted(v.arguments)) if isinstance(v, Inner) else v for v in value]
            changed[key] = value
        if moves_channels:
            changed["data_format"] = "channels_last"
        if "name" in changed:  # which has to be unique
            changed["name"] += f"_{len(self.calls)}"
        return changed

    def step(self, including: str | None = None) -> None:
        """One more layer, function or nested model."""
        kind = self.draw(st.sampled_from(["layer"] * 5 + ["function", "function", "again", "nested"]))
        if including or not self.calls or kind == "layer" or (kind == "nested" and self.depth > 1):
            self.new_layer(including)
        elif kind == "function":
            self.function()
        elif kind == "again":
            self.again()
        else:
            self.nested()

    def new_layer(self, including: str | None) -> None:
        case = self.case(including)
        found = self.looked_up()
        if case.class_name in ("Embedding", "Dense") and found and self.draw(st.booleans()):
            if self.attempt(self.embedded, self.draw(st.sampled_from(found))):
                return
        place = None if needs_its_input(case) or not self.draw(st.integers(0, 3)) else self.some_place()
        if place is not None:
            if self.attempt(self.layer_as_it_is, case, place) or self.attempt(self.layer_on_brought, case, place):
                return
        self.layer_on_new_input(case)

    def attempt(self, step: Callable[..., Any], *args: Any) -> Any:
        """What a step gives, or None when Keras refuses and it is undone."""
        inputs, calls = len(self.inputs), len(self.calls)
        try:
            return step(*args)
        except Refused:
            del self.inputs[inputs:], self.calls[calls:], self.callees[calls:]
            kept = {place: tensor for place, tensor in self.tensors.items() if place[0] < calls}
            self.tensors = {place: t for place, t in kept.items() if place[0] >= 0 or place[1] < inputs}
            return None

    def some_place(self) -> Place | None:
        """An earlier tensor of numbers, more often a late one."""
        found = self.looked_up()
        places = [place for place, tensor in self.tensors.items() if tensor.dtype == "float32" and place not in found]
        if not places:
            return None
        return places[-1] if self.draw(st.booleans()) else self.draw(st.sampled_from(places))

    def looked_up(self) -> list[Place]:
        """The results of layers that look something up."""
        layers = {number: call.callee for number, call in enumerate(self.calls) if isinstance(call.callee, Inner)}
        return [
            place for place in self.tensors
            if place[0] in layers and layers[place[0]].class_name in LOOKS_UP
            and not layers[place[0]].arguments.get("invert")
        ]  # fmt: skip

    def embedded(self, place: Place) -> list[Place]:
        """The vectors of what was looked up."""
        size = self.draw(st.integers(1, 4))
        if not self.tensors[place].dtype.startswith("int"):
            return self.call(Inner("Dense", {"units": size}), [place])
        settings = {"input_dim": MOST_IDS, "output_dim": size, "mask_zero": self.draw(st.booleans())}
        return self.call(Inner("Embedding", settings), [place])

    def brought(self, place: Place, shape: Any) -> Place:
        """The tensor in another shape, through a Dense layer."""
        known = tuple(self.tensors[place].shape[1:])
        if known == tuple(shape):
            return place
        if None in (*known, *shape) or math.prod(shape) > LARGEST or not shape:
            raise Refused
        if known[:-1] == tuple(shape[:-1]):
            return self.call(Inner("Dense", {"units": shape[-1]}), [place])[0]
        if len(known) != 1:
            (place,) = self.call(Inner("Flatten"), [place])
        (place,) = self.call(Inner("Dense", {"units": math.prod(shape)}), [place])
        return place if len(shape) == 1 else self.call(Inner("Reshape", {"target_shape": tuple(shape)}), [place])[0]

    def layer(self, case: Case, operands: list[Place], largest: float = LARGEST) -> list[Place]:
        """The layer of a case, called on these tensors."""
        target = Inner(case.class_name, case.arguments)
        as_list = isinstance(case.inputs, list) and not case.inputs_apart
        settings = {key: v for key, v in case.call.items() if key != "training" and not isinstance(v, np.ndarray)}
        shapes = [(self.rows, *(n or 0 for n in self.tensors[place].shape[1:])) for place in operands]
        if case.class_name in ("Add", "Average") and any_misplaced(shapes):
            raise Refused
        return self.call(target, operands, as_list, self.keywords(case), settings, largest)

    def layer_as_it_is(self, case: Case, place: Place) -> list[Place]:
        """The layer on a tensor of any sizes; where it takes several, the others are brought into its shape."""
        if len(self.tensors[place].shape) != arrays_of(case)[0].ndim:
            raise Refused  # which Keras would say at times only when it computes
        others = [self.brought(self.some_place(), self.tensors[place].shape[1:]) for _ in arrays_of(case)[1:]]
        return self.layer(case, [place, *others])

    def layer_on_brought(self, case: Case, place: Place) -> list[Place]:
        """The layer on tensors that are brought into the shapes of its case."""
        first, *others = arrays_of(case)
        places = [self.brought(place, first.shape[1:]), *(self.brought(self.some_place(), x.shape[1:]) for x in others)]
        return self.layer(case, places)

    def layer_on_new_input(self, case: Case) -> list[Place]:
        """The layer on inputs of its own case, of which the model may not know a size."""
        known = self.draw(st.integers(0, 3))
        results = None if known else self.attempt(self.on_new_input, case, True)
        results = results or self.attempt(self.on_new_input, case, False)
        if results is None:
            reject()
        return results

    def on_new_input(self, case: Case, unknown: bool) -> list[Place]:
        masks = case.mask if isinstance(case.mask, list) else [case.mask] * len(arrays_of(case))
        places = []
        for array, mask in zip(arrays_of(case), masks, strict=True):
            values = self.rows_of(array)
            masked = mask is not None and array.ndim > 2 and mask.shape == array.shape[:2] and not needs_its_input(case)
            if masked:
                values[~self.rows_of(mask)] = 0
            place = self.input(values, unknown and array.ndim > 2)
            # A layer sees the mask that a Masking makes.
            places.append(self.call(Inner("Masking"), [place])[0] if masked else place)
        return self.layer(case, places, largest=math.inf)

    def rows_of(self, array: np.ndarray) -> np.ndarray:
        """As many rows as the model is given."""
        return np.take(array, np.arange(self.rows) % len(array), axis=0)

    def input(self, values: np.ndarray, unknown: bool = False) -> Place:
        dtype = "string" if values.dtype.kind == "U" else str(values.dtype)
        shape = (None, *values.shape[2:]) if unknown else values.shape[1:]
        place = (-1, len(self.inputs))
        self.inputs.append(Given(shape, values.tolist(), dtype))
        self.tensors[place] = keras.Input(shape, dtype=dtype, batch_size=self.batch)
        return place

    def keywords(self, case: Case) -> dict[str, Any]:
        """New inputs for the tensors that a layer takes by name: initial states, masks of attention."""

        def places(part: Any) -> Any:
            if isinstance(part, list):
                return [places(inner) for inner in part]
            return self.input(self.rows_of(part.astype("float32") if part.dtype.kind == "f" else part))

        states = {} if case.states is None else {"initial_state": case.states}
        arrays = {key: value for key, value in case.call.items() if isinstance(value, np.ndarray)}
        return {key: places(value) for key, value in {**states, **arrays}.items()}

    def call(
        self, target: Any, operands: list[Place], as_list: bool = False, keywords: Any = None, settings: Any = None,
        largest: float = LARGEST,
    ) -> list[Place]:  # fmt: skip
        """The results of one more call; raises `Refused` where Keras does not take it."""
        call, number = Call(target, operands, as_list, keywords or {}, settings or {}), len(self.calls)
        try:
            made_here = self.callees[target] if isinstance(target, int) else callee(keras, call, f"inner_{number}")
            results = called(made_here, call, self.tensors)
        except Exception as error:  # whatever Keras says
            raise Refused from error
        for result in results:
            known = [n for n in result.shape[1:] if n is not None]
            if math.prod(known) > largest or 0 in known or result.dtype == "bool":
                raise Refused
        self.calls.append(call)
        self.callees.append(made_here)
        places = [(number, i) for i in range(len(results))]
        self.tensors.update(zip(places, results, strict=True))
        return places

    def function(self) -> None:
        place = self.some_place()
        if place is None:
            return
        name = self.draw(st.sampled_from(BINARY + UNARY))
        axis = self.draw(st.integers(1, max(1, len(self.tensors[place].shape) - 1)))
        takes_axis = name in ("concatenate", "stack", "flip", "expand", "mean", "sum", "max")
        settings: dict[str, Any] = {"axis": axis} if takes_axis and self.draw(st.booleans()) else {}
        if name in ("mean", "sum", "max"):
            settings["keepdims"] = self.draw(st.booleans())
        other = self.some_place() if name in BINARY else None
        self.attempt(self.function_of, Function(name, settings), place, other)

    def function_of(self, function: Function, place: Place, other: Place | None) -> list[Place]:
        operands = [place] if other is None else [place, self.brought(other, self.tensors[place].shape[1:])]
        return self.call(function, operands)

    def again(self) -> None:
        """A layer or a nested model that was called before, called on another tensor."""
        layers = [
            i for i, call in enumerate(self.calls)
            if isinstance(call.callee, (Inner, Recipe)) and len(call.operands) == 1
            and not call.keywords and not call.as_list
            and self.tensors[call.operands[0]].dtype == "float32" and not needs_numbers(call.callee)
        ]  # fmt: skip
        place = self.some_place()
        if not layers or place is None:
            return
        self.attempt(self.call_again, self.draw(st.sampled_from(layers)), place)

    def call_again(self, number: int, place: Place) -> list[Place]:
        shape = self.tensors[self.calls[number].operands[0]].shape[1:]
        if None not in shape:
            place = self.brought(place, shape)
        elif len(self.tensors[place].shape) != len(shape) + 1:
            raise Refused
        return self.call(number, [place])

    def nested(self) -> None:
        """A model of a few layers, called as a layer."""
        inner = Draft(self.draw, self.rows, self.batch is not None, self.depth + 1)
        if self.draw(st.booleans()):
            recipe = inner.sequential(self.draw(st.sampled_from(["sequential", "deferred"])), None, 2)
        else:
            for _ in range(self.draw(st.integers(1, 3))):
                inner.step()
            recipe = inner.finished(self.draw(st.sampled_from(["one", "list"])))
        places = [self.some_place() for _ in recipe.inputs]
        if not self.attempt(self.call_nested, recipe, places):
            self.attempt(self.call_nested, recipe, [None] * len(places))

    def call_nested(self, recipe: Recipe, places: list[Place | None]) -> list[Place]:
        """The model on tensors brought into the shapes it wants, or on new inputs where that cannot be."""
        operands = []
        for given, place in zip(recipe.inputs, places, strict=True):
            fits = given.dtype == "float32" and None not in given.shape and not needs_numbers(recipe)
            operands.append(self.brought(place, given.shape) if fits and place else self.input(given.array))
        as_list = recipe.kind == "functional" and (recipe.structure == "list" or len(operands) > 1)
        return self.call(recipe, operands, as_list=as_list, largest=math.inf)


def arrays_of(case: Case) -> list[np.ndarray]:
    return case.inputs if isinstance(case.inputs, list) else [case.inputs]


def needs_its_input(case: Case) -> bool:
    """Whether a layer's inputs are not just any numbers."""
    any_numbers = all(array.dtype == "float32" and array.ndim > 1 for array in arrays_of(case))
    return not any_numbers or case.class_name == "Masking" or needs_numbers(Inner(case.class_name, case.arguments))


def needs_numbers(part: Any) -> bool:
    """Whether a layer among others looks its inputs up."""
    return bool(OF_ITS_OWN_INPUT & set(classes_in(part)) - {"Masking"})


def _places(part: Any) -> list[Place]:
    return [place for inner in part for place in _places(inner)] if isinstance(part, list) else [part]
