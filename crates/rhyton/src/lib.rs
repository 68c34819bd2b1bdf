//! A Keras-class neural-network library that you extend instead of leaving.
