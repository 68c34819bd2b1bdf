//! `rhyton serve` as its clients meet it: the real binary on a free port of the loopback device.

mod client;
mod documents;
mod hostile;
mod predict;
mod stopping;
