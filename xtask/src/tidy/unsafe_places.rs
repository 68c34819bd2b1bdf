//! `unsafe` only where a reader expects it.

use proc_macro2::{TokenStream, TokenTree};

use super::Finding;
use crate::tree::Tree;

/// The parts of the CPU engine that may be unsafe.
const NATIVE_PARTS: [&str; 4] = ["simd", "gemm", "arena", "threads"];
/// Where machine code gets its memory and is entered.
const MACHINE_CODE: &str = "machine/memory.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("rs") {
        if is_allowed(path) {
            continue;
        }
        // A file that is no Rust is rustfmt's to report.
        let Ok(tokens) = text.parse::<TokenStream>() else { continue };
        if let Some(line) = first_unsafe(tokens) {
            let message = "unsafe code has no place here: only rhyton-native's simd, gemm, arena, \
                           threads and machine/memory.rs, a crate's ffi.rs, memory_map.rs and a test's allocator.rs";
            findings.push(Finding::line(path, line, message));
        }
    }
    findings
}

fn is_allowed(path: &str) -> bool {
    let Some((folder, rest)) = path.strip_prefix("crates/").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    if let Some(source) = rest.strip_prefix("src/") {
        let part = source.split('/').next().map(|part| part.trim_end_matches(".rs"));
        let inside = part.is_some_and(|p| NATIVE_PARTS.contains(&p)) || source == MACHINE_CODE;
        let engine = folder == "rhyton-native" && inside;
        return engine || part == Some("ffi") || source.ends_with("memory_map.rs");
    }
    rest.starts_with("tests/") && rest.ends_with("/allocator.rs")
}

/// The line of the first `unsafe`, or of an attribute that permits it.
fn first_unsafe(tokens: TokenStream) -> Option<usize> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "unsafe" || word == "unsafe_code" => {
            Some(word.span().start().line)
        }
        TokenTree::Group(group) => first_unsafe(group.stream()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<Option<usize>> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unsafe_is_found_in_code_attributes_and_macros() {
        let path = "crates/rhyton-graph/src/lib.rs";
        assert_eq!(found(path, "fn f() {\n    unsafe { g() }\n}\n"), [Some(2)]);
        assert_eq!(found(path, "#![allow(unsafe_code, reason = \"speed\")]\n"), [Some(1)]);
        assert_eq!(found(path, "m! { a\n b\n { unsafe fn f() {} } }"), [Some(3)]);
        assert_eq!(found(path, "#[unsafe(no_mangle)] fn f() {}"), [Some(1)]);
    }

    #[test]
    fn words_in_comments_and_strings_are_not_code() {
        let text = "// unsafe\n/// unsafe\nconst A: &str = \"unsafe\"; // unsafe_code\n";
        assert_eq!(found("crates/rhyton-graph/src/lib.rs", text), []);
    }

    #[test]
    fn only_the_named_places_may() {
        let text = "unsafe fn f() {}";
        for path in [
            "crates/rhyton-native/src/simd.rs",
            "crates/rhyton-native/src/gemm/pack.rs",
            "crates/rhyton-native/src/machine/memory.rs",
            "crates/rhyton-tensorflow/src/ffi.rs",
            "crates/rhyton-formats/src/memory_map.rs",
            "crates/rhyton/tests/it/allocator.rs",
        ] {
            assert_eq!(found(path, text), [], "{path}");
        }
        for path in [
            "crates/rhyton-native/src/plan.rs",
            "crates/rhyton-native/src/machine/emit.rs",
            "crates/rhyton-graph/src/simd.rs",
            "crates/rhyton-graph/src/passes/ffi.rs",
            "crates/rhyton/tests/it/main.rs",
            "xtask/src/ffi.rs",
        ] {
            assert_eq!(found(path, text), [Some(1)], "{path}");
        }
    }
}
