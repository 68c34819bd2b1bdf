"""PyTorch; `BENCH_TORCH` says how: `eager`, `channels_last`, or `compile` (with channels_last)."""

import os
import time

import protocol

options = protocol.arguments()
protocol.use_threads(options.threads)

import torch
from torch import nn
from torch.nn import functional

HOW = os.environ.get("BENCH_TORCH", "eager")
COMPILED = HOW == "compile"
FORMAT = torch.contiguous_format if HOW == "eager" else torch.channels_last
SHAPES = {"blog": (784,), "cnn": (1, 28, 28), "resnet": (3, 32, 32)}
torch.set_num_threads(options.threads)


def own(x):
    """A user's function: plain operations, no fused kernel."""
    return x * torch.sigmoid(1.5 * x)


class Act(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.call = {"relu": functional.relu, "swish": functional.silu, "own": own}[name]

    def forward(self, x):
        return self.call(x)


def head(size, act):
    norm = nn.BatchNorm1d(100, eps=1e-3, momentum=0.01)
    return [nn.Linear(size, 256), Act(act), nn.Linear(256, 100), Act(act), norm, nn.Linear(100, protocol.CLASSES)]


def cnn(act):
    conv = [nn.Conv2d(1, 32, 3, padding=1), Act(act), nn.Conv2d(32, 32, 3, padding=1), Act(act), nn.MaxPool2d(2)]
    conv += [nn.Conv2d(32, 64, 3, padding=1), Act(act), nn.Conv2d(64, 64, 3, padding=1), Act(act), nn.MaxPool2d(2)]
    return nn.Sequential(*conv, nn.Flatten(), *head(3136, act))


def normed(inputs, outputs, size, stride):
    conv = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride, act):
        super().__init__()
        self.body = nn.Sequential(normed(inputs, outputs, 3, stride), Act(act), normed(outputs, outputs, 3, 1))
        self.shortcut = normed(inputs, outputs, 1, stride) if stride == 2 else nn.Identity()
        self.act = Act(act)

    def forward(self, x):
        return self.act(self.body(x) + self.shortcut(x))


def resnet(act):
    blocks, before = [normed(3, 16, 3, 1), Act(act)], 16
    for stage, filters in enumerate((16, 32, 64)):
        for place in range(3):
            blocks.append(Residual(before, filters, 2 if stage and place == 0 else 1, act))
            before = filters
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, protocol.CLASSES))


def network(act):
    torch.manual_seed(1)
    if options.network not in SHAPES:
        raise NotImplementedError(f"{options.network} is not written in PyTorch here")
    model = {"blog": lambda: nn.Sequential(*head(784, act)), "cnn": lambda: cnn(act), "resnet": lambda: resnet(act)}
    model = model[options.network]()
    return model.to(memory_format=FORMAT) if len(SHAPES[options.network]) == 3 else model


def prepared(batch):
    batch = batch.float().div_(255)
    return batch.contiguous(memory_format=FORMAT) if batch.ndim == 4 else batch


def data():
    x, y = protocol.images(options, SHAPES[options.network])
    return torch.from_numpy(x), torch.from_numpy(y).long()


def trainer(activation):
    """One epoch as it is written by hand: shuffled, with loss and accuracy; `after` is called after a step."""
    x, y = data()
    model = network(activation)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    run = torch.compile(model) if COMPILED else model

    def epoch(after=None):
        model.train()
        loss_sum, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for places in torch.randperm(len(x)).split(options.batch):
            labels = y[places]
            logits = run(prepared(x[places]))
            loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss_sum += loss.detach() * len(places)
            right += (logits.detach().argmax(1) == labels).sum()
            if after:
                after()
        return loss_sum.item() / len(x), right.item() / len(x)

    return epoch


def train(activation):
    return protocol.repeat(options, trainer(activation), options.images)


def predictor(activation):
    model = network(activation).eval()
    run = torch.compile(model) if COMPILED else model

    def call(batch):
        with torch.inference_mode():
            return functional.softmax(run(prepared(batch)), 1)

    return call


def predict(activation):
    x, _ = data()
    call = predictor(activation)
    return protocol.repeat(options, lambda: torch.cat([call(batch) for batch in x.split(options.batch)]).numpy(), len(x))


def latency(activation):
    x, call = data()[0][:1], predictor(activation)
    return protocol.repeat_short(options, lambda: call(x).numpy())


def memory(activation):
    epoch = trainer(activation)
    epoch(), epoch()
    return []


def first():
    protocol.say(first=True)
    os._exit(0)


def first_train(activation):
    trainer(activation)(first)


def first_predict(activation):
    predictor(activation)(data()[0][: options.batch]).numpy()
    first()


def layer(activation):
    """What a case of one layer computes: operands and a function that writes into memory it had before."""
    act = Act(activation).call
    if options.network in ("stream", "cache"):
        x = torch.randn(2**26 if options.network == "stream" else 2**16)
        return (x,), act, x.numel()
    if options.network == "dense":
        x, w, b = torch.randn(128, 256), torch.randn(256, 256) / 16, torch.zeros(256)
        return (x, w, b), lambda x, w, b: act(functional.linear(x, w, b)), 128
    x = torch.randn(64, 32, 28, 28).contiguous(memory_format=FORMAT)
    w, b = torch.randn(32, 32, 3, 3).contiguous(memory_format=FORMAT) / 17, torch.zeros(32)
    return (x, w, b), lambda x, w, b: act(functional.conv2d(x, w, b, padding=1)), 64


def measured(call, items):
    long = options.network == "stream"
    return protocol.repeat(options, call, items) if long else protocol.repeat_short(options, call, items)


def forward(activation):
    operands, call, items = layer(activation)
    run = torch.compile(call) if COMPILED else call
    if options.network in ("stream", "cache") and not COMPILED and activation != "own":
        # The result lies where the last one lay: a fresh one would cost more than the function.
        out, (x,) = torch.empty_like(operands[0]), operands
        fixed = {"relu": lambda: torch.clamp_min(x, 0, out=out), "swish": lambda: torch.ops.aten.silu.out(x, out=out)}
        return measured(fixed[activation], items)
    with torch.inference_mode():
        return measured(lambda: run(*operands), items)


def both(activation):
    operands, call, items = layer(activation)
    operands = [operand.requires_grad_() for operand in operands]
    run = torch.compile(call) if COMPILED else call
    cotangent = torch.ones_like(call(*operands))
    return measured(lambda: torch.autograd.grad(run(*operands), operands, cotangent), items)


measures = {
    "train": train,
    "predict": predict,
    "latency": latency,
    "memory": memory,
    "first-train": first_train,
    "first-predict": first_predict,
    "forward": forward,
    "both": both,
}
protocol.versions("torch")
protocol.answer(options, measures[options.measure])
