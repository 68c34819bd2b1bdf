"""Well-known networks, built in Keras with random weights under which they compute something: every
layer's outputs vary across places, channels and inputs."""

import keras
import numpy as np
from keras import layers

CLASSES = 10
# Enough inputs that batch normalization sees more than one place in the deepest layers.
INPUTS = 6


def application(name):
    def build(size):
        return getattr(keras.applications, name)(
            weights=None, classifier_activation=None, input_shape=(size, size, 3), classes=CLASSES
        )

    return build


def u_net(size):
    """Two steps down, two up, with the skips between; no sigmoid at the end."""

    def twice(x, filters):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return x

    image = keras.Input((size, size, 3))
    fine = twice(image, 16)
    middle = twice(layers.MaxPooling2D()(fine), 32)
    coarse = twice(layers.MaxPooling2D()(middle), 64)
    up = layers.Conv2DTranspose(32, 2, strides=2)(coarse)
    up = twice(layers.Concatenate()([up, middle]), 32)
    up = layers.Conv2DTranspose(16, 3, strides=2, padding="same")(up)
    up = twice(layers.Concatenate()([up, fine]), 16)
    return keras.Model(image, layers.Conv2D(1, 1)(up), name="u_net")


BUILDERS = {
    "MobileNetV2": application("MobileNetV2"),
    "ResNet50": application("ResNet50"),
    "DenseNet121": application("DenseNet121"),
    "EfficientNetB0": application("EfficientNetB0"),
    "U-Net": u_net,
}


def images(size, seed=5):
    """Images with numbers from 0 to 255 that differ in colour, contrast and coarse pattern."""
    random = np.random.default_rng(seed)
    colour = random.uniform(60, 200, size=(INPUTS, 1, 1, 3))
    coarse = random.normal(size=(INPUTS, 4, 4, 3))
    pattern = coarse.repeat(-(-size // 4), axis=1).repeat(-(-size // 4), axis=2)[:, :size, :size]
    contrast = random.uniform(10, 60, size=(INPUTS, 1, 1, 1))
    noise = random.normal(size=(INPUTS, size, size, 3)) * 10
    return np.clip(colour + contrast * pattern + noise, 0, 255).astype("float32")


def inputs(name, size):
    """Images as a network takes them: EfficientNet scales them itself."""
    return images(size) if name == "EfficientNetB0" else images(size) / 127.5 - 1


def draw(model, x):
    """Gives the model random weights, and its normalizations the statistics of these inputs."""
    random = np.random.default_rng(3)
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(value_of(layer, variable, random))
        if isinstance(layer, layers.Normalization):
            # As after loading: until then it computes with the statistics that it was built with.
            layer.finalize_state()
    settle_statistics(model, x)
    spread_outputs(model, x)
    return model


def value_of(layer, variable, random):
    shape = tuple(variable.shape)
    match variable.name:
        case "kernel":
            # He's variance; a depthwise kernel has one channel behind each number.
            alone = isinstance(layer, layers.DepthwiseConv2D)
            fan = np.prod(shape[:2] if alone else shape[:-1])
            return random.normal(size=shape) * np.sqrt(2 / fan)
        case "gamma":
            return random.uniform(0.7, 1.3, size=shape)
        case "mean" | "variance":
            return random.uniform(0.1, 0.5, size=shape)
        case "count":
            return np.ones(shape)
        case _:
            return random.normal(size=shape) * 0.2


def settle_statistics(model, x):
    """One pass in training: each normalization takes over what it sees, behind normalized ones."""
    found = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    momentum = {layer.name: layer.momentum for layer in found}
    for layer in found:
        layer.momentum = 0.0
    model(x, training=True)
    for layer in found:
        layer.momentum = momentum[layer.name]


def spread_outputs(model, x):
    """Scales the last layer so that every output varies around 0 across inputs, by 1 or more."""
    kernel, bias = model.layers[-1].weights
    outputs = np.asarray(model(x, training=False))
    factor = 1 / outputs.std(axis=0).min()
    centre = outputs.mean(axis=tuple(range(outputs.ndim - 1)))
    kernel.assign(kernel * factor)
    bias.assign((bias - centre) * factor)


def with_intermediates(model, count=5):
    """The model with `count` more outputs, of layers evenly spread over its depth."""
    hidden = [layer for layer in model.layers[1:-1] if layer.output is not model.output]
    chosen = [hidden[(place + 1) * len(hidden) // (count + 1)] for place in range(count)]
    return keras.Model(model.input, [model.output, *(layer.output for layer in chosen)])
