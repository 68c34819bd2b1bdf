"""The networks in Keras; images come as bytes and are rescaled by the first layer."""

import keras
from keras import layers, ops

from protocol import CLASSES

SHAPES = {"blog": (28, 28), "cnn": (28, 28, 1), "resnet": (32, 32, 3), "mobilenet": (224, 224, 3)}


def own(x):
    """A user's function: plain operations, no fused kernel."""
    return x * ops.sigmoid(1.5 * x)


def function(name):
    return own if name == "own" else name


def blog(act):
    return [
        layers.Flatten(),
        layers.Dense(256, activation=act),
        layers.Dense(100, activation=act),
        layers.BatchNormalization(),
        layers.Dense(CLASSES, activation="softmax"),
    ]


def cnn(act):
    def block(filters):
        return [layers.Conv2D(filters, 3, padding="same", activation=act) for _ in range(2)]

    return [
        *block(32),
        layers.MaxPooling2D(2),
        *block(64),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(256, activation=act),
        layers.Dense(100, activation=act),
        layers.BatchNormalization(),
        layers.Dense(CLASSES, activation="softmax"),
    ]


def resnet(act):
    """ResNet-20 of He et al. 2015, section 4.2, with identity shortcuts or 1 × 1 convolutions."""

    def conv(x, filters, size, strides):
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    x = image = keras.Input(SHAPES["resnet"], dtype="uint8")
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Activation(act)(conv(x, 16, 3, 1))
    for stage, filters in enumerate((16, 32, 64)):
        for place in range(3):
            strides = 2 if stage and place == 0 else 1
            shortcut = conv(x, filters, 1, strides) if strides == 2 else x
            y = layers.Activation(act)(conv(x, filters, 3, strides))
            x = layers.Activation(act)(layers.Add()([conv(y, filters, 3, 1), shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(CLASSES, activation="softmax")(x))


def network(name, activation):
    keras.utils.set_random_seed(1)
    act = function(activation)
    if name == "mobilenet":
        if activation != "relu":
            raise NotImplementedError("MobileNetV2 is what it is: with relu6")
        image = keras.Input(SHAPES[name], dtype="uint8")
        body = keras.applications.MobileNetV2(SHAPES[name], weights=None)
        return keras.Model(image, body(layers.Rescaling(1 / 127.5, -1.0)(image)))
    if name == "resnet":
        return resnet(act)
    stack = {"blog": blog, "cnn": cnn}[name](act)
    return keras.Sequential([keras.Input(SHAPES[name], dtype="uint8"), layers.Rescaling(1 / 255), *stack])
