use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, GenericArgument, Ident, PathArguments,
    Result, Type,
};

/// The setters of a struct, and its access to `common` if it has that field.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let struct_name = &input.ident;
    let fields = named_fields(input)?;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let mut methods = Vec::new();
    let mut common = TokenStream::new();
    for field in fields {
        let Some(name) = &field.ident else { continue };
        if name == "common" {
            methods.push(common_setters(name));
            common = quote! {
                impl #generics ::rhyton::layer::HasCommon for #struct_name #arguments #bounds {
                    fn common(&self) -> &::rhyton::layer::Common {
                        &self.#name
                    }

                    fn common_mut(&mut self) -> &mut ::rhyton::layer::Common {
                        &mut self.#name
                    }
                }
            };
        } else if !skipped(field)? {
            methods.push(setter(name, field));
        }
    }
    Ok(quote! {
        #[automatically_derived]
        impl #generics #struct_name #arguments #bounds {
            #(#methods)*
        }

        #common
    })
}

fn named_fields(input: &DeriveInput) -> Result<impl Iterator<Item = &Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter()),
            Fields::Unnamed(_) | Fields::Unit => Err(refusal(input)),
        },
        Data::Enum(_) | Data::Union(_) => Err(refusal(input)),
    }
}

fn refusal(input: &DeriveInput) -> Error {
    Error::new_spanned(
        &input.ident,
        "Setters: expected a struct with named fields; remove the derive or name the fields",
    )
}

/// Whether a field says `#[setters(skip)]`.
fn skipped(field: &Field) -> Result<bool> {
    let mut skip = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("setters")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("skip") {
                return Err(meta.error("Setters: expected `skip`"));
            }
            skip = true;
            Ok(())
        })?;
    }
    Ok(skip)
}

fn setter(name: &Ident, field: &Field) -> TokenStream {
    let docs: Vec<&Attribute> =
        field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).collect();
    let (argument, value) = argument(&field.ty);
    quote! {
        #(#docs)*
        #[must_use]
        pub fn #name(mut self, value: #argument) -> Self {
            self.#name = #value;
            self
        }
    }
}

/// What the setter of a field of this type takes, and how that becomes the field's value.
fn argument(field: &Type) -> (TokenStream, TokenStream) {
    let into = quote!(::core::convert::Into::into(value));
    if is_one_of(field, WITHOUT_CONVERSION) {
        return (quote!(#field), quote!(value));
    }
    match option_of(field) {
        Some(inner) if is_one_of(inner, WITHOUT_CONVERSION) || is_one_of(inner, FLOATS) => {
            (quote!(impl ::core::convert::Into<#field>), into)
        }
        Some(inner) => (
            quote!(impl ::core::convert::Into<#inner>),
            quote!(::core::option::Option::Some(#into)),
        ),
        None => (quote!(impl ::core::convert::Into<#field>), into),
    }
}

/// Types for which `impl Into<T>` would make a bare literal ambiguous.
const WITHOUT_CONVERSION: &[&str] =
    &["bool", "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize"];

const FLOATS: &[&str] = &["f32", "f64"];

fn is_one_of(ty: &Type, names: &[&str]) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none()
        && names.iter().any(|name| path.path.is_ident(name)))
}

/// The `T` of `Option<T>`.
fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

fn common_setters(common: &Ident) -> TokenStream {
    quote! {
        /// The name, unique within a model; without one the model numbers layers by their class.
        #[must_use]
        pub fn name(mut self, value: impl ::core::convert::Into<::std::string::String>) -> Self {
            let name: ::std::string::String = ::core::convert::Into::into(value);
            self.#common.name = ::core::convert::Into::into(name);
            self
        }

        /// Whether training changes the weights; default true.
        #[must_use]
        pub fn trainable(mut self, value: bool) -> Self {
            self.#common.trainable = value;
            self
        }

        /// In which element types the layer computes and keeps its weights, by Keras' names:
        /// `"float32"`, `"mixed_bfloat16"`, …; default the global policy.
        #[must_use]
        pub fn dtype(mut self, value: impl ::core::convert::Into<::rhyton::layer::DTypePolicy>) -> Self {
            self.#common.dtype = ::core::convert::Into::into(value);
            self
        }
    }
}
