//! What a source file consists of: functions, public items, lines of tests.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Attribute, Fields, ImplItem, Item, Meta, TraitItem, Visibility};

/// A function with a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    /// From `fn` to the closing brace.
    pub(super) lines: usize,
}

/// What a file holds outside its tests, and how many lines those tests have.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) functions: Vec<Function>,
    pub(super) public: usize,
    pub(super) documented: usize,
    pub(super) test_lines: usize,
}

/// Lines of `#[cfg(test)]` items in a file of code; none in what does not parse.
pub(super) fn inner_test_lines(path: &str, text: &str) -> usize {
    if is_test(path) {
        return 0;
    }
    outline(text).map_or(0, |outline| outline.test_lines)
}

/// Whether a whole file consists of tests or benches.
pub(super) fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/benches/")
}

/// Reads a file.
///
/// # Errors
///
/// If it is no Rust.
pub(super) fn outline(text: &str) -> syn::Result<Outline> {
    let file = syn::parse_file(text)?;
    let mut outline = Outline::default();
    outline.items(&file.items);
    Ok(outline)
}

impl Outline {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        if attributes(item).iter().any(is_cfg_test) {
            self.test_lines += lines(item.span(), item.span());
            return;
        }
        match item {
            Item::Fn(item) => {
                self.public(&item.vis, &item.attrs);
                self.function("", &item.sig, &item.block);
            }
            Item::Impl(item) => self.implementation(item),
            Item::Trait(item) => self.trait_item(item),
            Item::Mod(item) => {
                if let Some((_, items)) = &item.content {
                    self.items(items);
                }
            }
            Item::Struct(item) => {
                self.public(&item.vis, &item.attrs);
                self.fields(&item.vis, &item.fields);
            }
            Item::Enum(item) => {
                self.public(&item.vis, &item.attrs);
                for variant in &item.variants {
                    self.public(&item.vis, &variant.attrs);
                }
            }
            Item::Const(item) => self.public(&item.vis, &item.attrs),
            Item::Static(item) => self.public(&item.vis, &item.attrs),
            Item::Type(item) => self.public(&item.vis, &item.attrs),
            Item::Union(item) => self.public(&item.vis, &item.attrs),
            _ => {}
        }
    }

    fn implementation(&mut self, item: &syn::ItemImpl) {
        let owner = name_of(&item.self_ty);
        for inner in &item.items {
            match inner {
                ImplItem::Fn(method) if method.attrs.iter().any(is_cfg_test) => {
                    self.test_lines += lines(method.span(), method.span());
                }
                ImplItem::Fn(method) => {
                    self.public(&method.vis, &method.attrs);
                    self.function(&owner, &method.sig, &method.block);
                }
                ImplItem::Const(constant) => self.public(&constant.vis, &constant.attrs),
                _ => {}
            }
        }
    }

    fn trait_item(&mut self, item: &syn::ItemTrait) {
        self.public(&item.vis, &item.attrs);
        for inner in &item.items {
            match inner {
                TraitItem::Fn(method) => {
                    self.public(&item.vis, &method.attrs);
                    if let Some(block) = &method.default {
                        self.function(&item.ident.to_string(), &method.sig, block);
                    }
                }
                TraitItem::Const(inner) => self.public(&item.vis, &inner.attrs),
                TraitItem::Type(inner) => self.public(&item.vis, &inner.attrs),
                _ => {}
            }
        }
    }

    /// A field is as public as its struct at most.
    fn fields(&mut self, owner: &Visibility, fields: &Fields) {
        for field in fields.iter().filter(|field| field.ident.is_some()) {
            if is_public(owner) {
                self.public(&field.vis, &field.attrs);
            }
        }
    }

    fn public(&mut self, visibility: &Visibility, attributes: &[Attribute]) {
        if is_public(visibility) {
            self.public += 1;
            let documented = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
            self.documented += usize::from(documented);
        }
    }

    fn function(&mut self, owner: &str, signature: &syn::Signature, block: &syn::Block) {
        let name = &signature.ident;
        let name = if owner.is_empty() { name.to_string() } else { format!("{owner}::{name}") };
        let start = signature.span();
        let lines = lines(start, block.brace_token.span.close());
        self.functions.push(Function { name, line: start.start().line, lines });
    }
}

fn lines(first: Span, last: Span) -> usize {
    last.end().line + 1 - first.start().line
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The last name of a type: `Plan` for `crate::plan::Plan<'a>`.
fn name_of(owner: &syn::Type) -> String {
    match owner {
        syn::Type::Path(path) => {
            path.path.segments.last().map_or_else(String::new, |segment| segment.ident.to_string())
        }
        syn::Type::Reference(reference) => name_of(&reference.elem),
        _ => String::new(),
    }
}

/// `#[cfg(test)]`, `#[cfg(all(test, …))]` and `#[test]`.
fn is_cfg_test(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else { return false };
    let condition = list.tokens.to_string();
    attribute.path().is_ident("cfg")
        && (condition == "test" || condition.replace(' ', "").starts_with("all(test,"))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
//! Header.

/// Documented.
pub struct Plan {
    /// Documented.
    pub size: usize,
    pub plain: usize,
    hidden: usize,
}

struct Hidden {
    pub field: usize,
}

impl<'a> Plan {
    /// Documented.
    #[must_use]
    pub fn new(
        size: usize,
    ) -> Self {
        todo(size)
    }

    #[cfg(test)]
    fn probe() {}
}

pub enum Kind {
    /// Documented.
    A,
    B,
}

pub trait Run {
    fn run(&self) { stop() }
    fn stop();
}

pub(crate) fn private() {}

#[cfg(test)]
mod tests {
    #[test]
    fn t() {
    }
}
";

    #[test]
    fn functions_are_measured_from_their_signature() {
        let outline = outline(FILE).unwrap();
        let functions: Vec<_> =
            outline.functions.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(functions, [("Plan::new", 18, 5), ("Run::run", 35, 1), ("private", 39, 1)]);
    }

    #[test]
    fn public_items_count_with_their_parts() {
        let outline = outline(FILE).unwrap();
        // Plan, size, plain, new; Kind, A, B; Run, run, stop.
        assert_eq!((outline.public, outline.documented), (10, 4));
    }

    #[test]
    fn lines_of_tests_are_those_of_items_for_tests_only() {
        assert_eq!(outline(FILE).unwrap().test_lines, 2 + 6);
        assert_eq!(inner_test_lines("crates/a/src/lib.rs", FILE), 8);
        assert_eq!(inner_test_lines("crates/a/src/plan/tests.rs", FILE), 0);
        assert_eq!(
            outline("#[cfg(any(test, feature = \"t\"))]\nmod t {}\n").unwrap().test_lines,
            0
        );
    }

    #[test]
    fn what_is_no_rust_is_an_error() {
        outline("fn {").unwrap_err();
        assert_eq!(inner_test_lines("crates/a/src/lib.rs", "fn {"), 0);
    }
}
