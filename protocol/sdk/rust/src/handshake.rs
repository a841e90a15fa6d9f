//! What the supervisor says before there are calls, and what follows from it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::api::Api;
use crate::method::Handler;

#[derive(Deserialize)]
pub(crate) struct Initialize {
    pub protocol: Range,
    #[serde(default)]
    pub plugin: String,
    #[serde(default)]
    pub generation: u64,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub services: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Range {
    pub min: i64,
    pub max: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    pub frame_bytes: Option<usize>,
    pub in_flight: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Activate {
    #[serde(default)]
    pub apis: Vec<Agreed>,
    pub config: Option<Box<RawValue>>,
    pub data_dir: Option<PathBuf>,
}

#[derive(Deserialize)]
pub(crate) struct Configure {
    pub config: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub(crate) struct Agreed {
    pub name: String,
    pub version: String,
}

/// What serves methods and events, by their wire names.
pub(crate) type Routes = HashMap<String, Arc<Handler>>;

/// Which handler a wire name means. Of an api in several versions it is the agreed one; without an agreement the one that
/// was offered last.
pub(crate) fn routes(apis: &[Api], agreed: &[Agreed]) -> Routes {
    let chosen = |api: &Api| {
        agreed
            .iter()
            .find(|agreed| agreed.name == api.name)
            .is_none_or(|agreed| agreed.version == api.version)
    };
    let mut routes = Routes::new();
    for api in apis.iter().filter(|api| chosen(api)) {
        // Not a union of versions: what the last one dropped is gone.
        let prefix = format!("{}.", api.name);
        routes.retain(|name: &String, _| !name.starts_with(&prefix));
        for (name, handler) in api.handlers() {
            routes.insert(prefix.clone() + name, Arc::clone(handler));
        }
    }
    routes
}
