//! The setters' derive for layers and the other values that configurations hold.
//!
//! Not here: any other macro (STYLE allows this one). Imports nothing of Rhyton; the code it writes
//! names `::rhyton::layer::HasCommon` for a struct with a `common` field.

mod setters;

use proc_macro::TokenStream;

/// Writes a setter for every named field: `Dense::new(256).activation("swish").use_bias(false)`.
///
/// A field `units: usize` gets `pub fn units(mut self, value: usize) -> Self` with the field's
/// documentation. What the setter takes depends on the field's type:
///
/// | field | argument |
/// |---|---|
/// | `bool`, whole numbers | the type itself, so that `256` needs no suffix |
/// | `Option<T>` of a number or flag | `impl Into<Option<T>>`: `0.1` or `None` |
/// | any other `Option<T>` | `impl Into<T>`: `"zeros"` sets `Some` |
/// | any other `T` | `impl Into<T>` |
///
/// A field named `common` gets no setter of its own; instead the struct gets `name` and `trainable`
/// and implements `::rhyton::layer::HasCommon`. `#[setters(skip)]` on a field leaves it out.
#[proc_macro_derive(Setters, attributes(setters))]
pub fn derive_setters(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    setters::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
