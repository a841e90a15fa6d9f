//! Which files there are, and what is in them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bulkhead_plugin::{Call, Error};
use ignore::WalkBuilder;

/// Larger files are generated, or data.
const LARGEST: u64 = 1 << 20;

/// A file with a NUL in its first 8 KiB is binary: the same rule as git's.
const PROBE: usize = 8192;

pub struct Listing {
    /// In the order of their names.
    pub files: Vec<PathBuf>,
    /// Entries that could not be read.
    pub unreadable: usize,
}

/// The regular files below `root` that no .gitignore excludes. Hidden ones are left out.
pub fn list(call: &Call, root: &Path) -> Result<Listing, Error> {
    let walk = WalkBuilder::new(root)
        // The answer depends on the tree alone: not on whether it is a repository, nor on whose machine it is.
        .require_git(false)
        .git_global(false)
        .sort_by_file_path(Ord::cmp)
        .build();
    let mut listing = Listing { files: Vec::new(), unreadable: 0 };
    for entry in walk {
        call.check()?;
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                listing.files.push(entry.into_path());
            }
            Ok(_) => {}
            Err(_) => listing.unreadable += 1,
        }
    }
    Ok(listing)
}

/// `None`: binary or too large.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > LARGEST {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    // It may grow meanwhile.
    file.take(LARGEST).read_to_end(&mut bytes)?;
    if bytes[..bytes.len().min(PROBE)].contains(&0) {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
