//! Turns the TODO, FIXME and HACK comments and the Markdown checkboxes of a directory tree into todo items. One executable
//! for two versions of its api: hosts that require todo ^1 get a list, those that require ^2 a batch of commands.

mod batch;
mod checkbox;
mod comment;
mod item;
mod language;
mod marker;
mod scan;
mod walk;

use bulkhead_plugin::{Action, Api, Method, plugin};

fn main() {
    let scan = Method::new("scan", scan::scan)
        .description("Finds TODO, FIXME and HACK comments and Markdown checkboxes below a directory.")
        .idempotent()
        .error("root_not_found", "There is no file or directory of that name.");
    let generate = Method::new("generate", batch::generate)
        .description("A todo for each file with something to do, and below it what that is.")
        .idempotent()
        .error("source_unavailable", "There is no file or directory of that name.");
    let preview = Method::new("preview", batch::preview)
        .description("How much there is to do, and the first of it.")
        .idempotent()
        .error("source_unavailable", "There is no file or directory of that name.");
    plugin!()
        .api(Api::new("todo", "1.1.0").with(scan))
        .api(
            Api::new("todo", todo_api::VERSION).with(generate).with(preview).with(
                Action::new("generate", "generate").description("Todos from source code.").key("ctrl+g"),
            ),
        )
        .run()
}
