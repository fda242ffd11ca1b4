// SPDX-License-Identifier: GPL-2.0

//! What could name the owner where firmware or a kernel is free in its words. What is in a report is
//! a list of fields, none of which is for that: this is for what has strayed into one.

use crate::root::Root;
use crate::system::{self, Me};

/// Words that tell whose machine it is, in lower case.
pub struct Owner(Vec<String>);

/// Names of the host and of people.
pub fn names(root: &Root) -> Owner {
    let host = root.text("/proc/sys/kernel/hostname");
    let me = Me::read(root).and_then(|me| me.name(root));
    // People's numbers begin here.
    let people = system::users(root)
        .into_iter()
        .filter(|(uid, _)| *uid >= 1000);
    let names = people.map(|(_, name)| name).chain(host).chain(me);
    Owner::of(names.filter(|name| name.len() >= 3))
}

/// Serial numbers and tags, as far as they can be read. One without a digit is none: "None".
pub fn numbers(root: &Root) -> Owner {
    let files = [
        "product_serial",
        "product_uuid",
        "board_serial",
        "board_asset_tag",
        "chassis_serial",
        "chassis_asset_tag",
    ];
    let texts = files.iter().filter_map(|name| system::dmi(root, name));
    // A board's is made of several, with slashes between them.
    let parts = texts.flat_map(|text| text.split('/').map(str::to_string).collect::<Vec<_>>());
    let digit = |text: &String| text.bytes().any(|byte| byte.is_ascii_digit());
    Owner::of(parts.filter(|text| text.len() >= 5).filter(digit))
}

impl Owner {
    fn of(words: impl Iterator<Item = String>) -> Self {
        Self(words.map(|word| word.trim().to_lowercase()).collect())
    }

    /// Whether one of them is in a text.
    pub fn is_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.0.iter().any(|word| text.contains(word))
    }
}
