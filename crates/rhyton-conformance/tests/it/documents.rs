use std::collections::BTreeSet;

use rhyton_conformance::{catalogue, support_page};
use rhyton_graph::Primitive;

const PAGE: &str = include_str!("../../../../docs/primitives.md");

/// The names in the first cells of the page's tables, by the word in the last cell.
fn names(when: &str) -> BTreeSet<String> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = rows.filter(|row| row.trim_end().ends_with(&format!("| {when} |")));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let quoted = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    cells.flat_map(quoted).collect()
}

#[test]
fn the_page_of_primitives_lists_what_there_is() {
    let there: BTreeSet<String> = Primitive::names().into_iter().map(str::to_owned).collect();
    let now = names("now");
    assert_eq!(now, there, "docs/primitives.md, rows marked `now`");
    let planned = names("later");
    assert!(planned.is_disjoint(&there), "marked `later`, but there: {planned:?}");
}

#[test]
fn the_page_of_support_says_what_there_is() {
    let names = include_str!("../../goldens/keras_names.json");
    let page = support_page(names, &catalogue()).unwrap();
    let committed = include_str!("../../../../docs/support.md");
    let differing = page.lines().zip(committed.lines()).find(|(now, then)| now != then);
    assert_eq!(differing, None, "docs/support.md is out of date: run `cargo xtask golden`");
    assert_eq!(
        page.len(),
        committed.len(),
        "docs/support.md is out of date: run `cargo xtask golden`"
    );
}
