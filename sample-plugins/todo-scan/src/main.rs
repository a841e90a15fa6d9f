//! Turns the TODO, FIXME and HACK comments and the Markdown checkboxes of a directory tree into todo items.

mod checkbox;
mod comment;
mod item;
mod language;
mod marker;
mod scan;
mod walk;

use bulkhead_plugin::{Api, Method, plugin};

fn main() {
    let scan = Method::new("scan", scan::scan)
        .description("Finds TODO, FIXME and HACK comments and Markdown checkboxes below a directory.")
        .idempotent()
        .error("root_not_found", "There is no file or directory of that name.");
    plugin!().api(Api::new("todo", "1.0.0").with(scan)).run()
}
