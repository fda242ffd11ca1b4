// SPDX-License-Identifier: GPL-2.0

//! A machine that tells its owner in every place that could, and firmware that answers.

use crate::machines::*;
use crate::tree::Tree;

/// A token: id, location, value.
pub type Token = (u16, u16, u16);

/// What the firmware keeps behind a location: the status of a call, and what it reads.
pub type Cell = (u16, i32, u32);

/// Whose machine it is, in all that could tell.
pub const SERIAL: &str = "7QX4T93";
pub const ASSET: &str = "INV-0815-XY";
pub const UUID: &str = "4c4c4544-0051-5810-8034-b7c04f543933";
pub const OWNER: &str = "Property of Zaphod";
pub const HOST: &str = "heartofgold";
pub const USER: &str = "beeblebrox";

/// Free text as somebody may have typed it into the setup.
pub const TYPED: &str = "Call Trillian 555-4242";

/// A structure of SMBIOS.
fn structure(kind: u8, handle: u16, body: &[u8], strings: &[&str]) -> Vec<u8> {
    let mut bytes = vec![kind, body.len() as u8 + 4];
    bytes.extend(handle.to_le_bytes());
    bytes.extend(body);
    for string in strings {
        bytes.extend(string.as_bytes());
        bytes.push(0);
    }
    bytes.extend(if strings.is_empty() {
        &[0, 0][..]
    } else {
        &[0]
    });
    bytes
}

/// A token table, with these bytes behind its end, and these strings behind the structure.
fn tokens(tokens: &[Token], after: &[u8], strings: &[&str]) -> Vec<u8> {
    let mut body = vec![0xB2, 0, 0x0D, 0xFF, 0x1F, 0xB6, 0x50];
    for (id, location, value) in tokens {
        for word in [id, location, value] {
            body.extend(word.to_le_bytes());
        }
    }
    body.extend([0xFF, 0xFF, 0, 0, 0, 0]);
    body.extend(after);
    structure(0xDA, 0xDA00, &body, strings)
}

/// The whole of SMBIOS, with the owner wherever it can be.
pub fn smbios(table: &[Token]) -> Vec<u8> {
    let mut system = vec![1, 2, 3, 4];
    system.extend([
        0x44, 0x45, 0x4C, 0x4C, 0x51, 0, 0x10, 0x58, 0x80, 0x34, 0xB7, 0xC0, 0x4F, 0x54,
    ]);
    system.extend([0x39, 0x33, 6, 5, 6]);
    let mut after = SERIAL.as_bytes().to_vec();
    after.extend(ASSET.as_bytes());
    let cut = &table[table.len() / 2..];
    [
        structure(
            0,
            0,
            &[1, 2, 0, 0, 3],
            &["Dell Inc.", "1.9.1", "05/12/2024"],
        ),
        structure(
            1,
            1,
            &system,
            &[
                "Dell Inc.",
                "Latitude 5450",
                "v1",
                SERIAL,
                "0C1A",
                "Latitude",
            ],
        ),
        structure(3, 3, &[1, 10, 0, 2, 3], &["Dell Inc.", SERIAL, ASSET]),
        structure(11, 4, &[3], &["Dell System", OWNER, ASSET]),
        structure(0xD0, 5, &[2, 1, 0xFE, 0], &[SERIAL, ASSET]),
        tokens(&table[..table.len() / 2], &after, &[SERIAL, OWNER]),
        tokens(cut, &[], &[]),
        structure(127, 6, &[], &[]),
    ]
    .concat()
}

/// A call that reads a location, and what comes of it.
pub fn call((location, status, reads): Cell) -> (Vec<u8>, Vec<u8>) {
    let mut asks = vec![0; 4];
    asks.extend(u32::from(location).to_ne_bytes());
    asks.resize(20, 0);
    asks.extend((-3i32).to_ne_bytes());
    let mut says = vec![0; 20];
    says.extend(status.to_ne_bytes());
    says.extend(reads.to_ne_bytes());
    (asks, says)
}

/// Camera, wake-on-LAN and a door in the layout of today; the serial port at one location; an
/// absent one, a number, and a token that nobody knows.
pub const TABLE: [Token; 12] = [
    (0x0285, 0x0285, 1),
    (0x0286, 0x0286, 0),
    (0x0055, 0x0055, 0),
    (0x0057, 0x0057, 5),
    (0x006D, 0x006D, 5),
    (0x0198, 0x0198, 6),
    (0x0011, 0x0010, 2),
    (0x0005, 0x0010, 3),
    (0x02A7, 0xFFFF, 1),
    (0x043E, 0x043E, 0xFFFF),
    (0x4711, 0x4711, 1),
    (0x0294, 0x0294, 1),
];

/// What the firmware says; the kernel lets nobody read the last.
pub const CELLS: [Cell; 7] = [
    (0x0010, 0, 2),
    (0x0055, 0, 6),
    (0x0057, 0, 6),
    (0x006D, 0, 6),
    (0x0198, 0, 6),
    (0x0285, 0, 1),
    (0x0286, 0, 1),
];

/// A BIOS attribute.
fn attribute(tree: Tree, name: &str, kind: &str, files: &[(&str, &str)]) -> Tree {
    let of = |file: &str| {
        format!("sys/class/firmware-attributes/dell-wmi-sysman/attributes/{name}/{file}")
    };
    let tree = tree.file(&of("type"), &format!("{kind}\n"));
    files.iter().fold(tree, |tree, (file, text)| {
        tree.file(&of(file), &format!("{text}\n"))
    })
}

/// All but the driver, as root sees it; the owner is in every file that could name one.
pub fn machine(tree: Tree) -> Tree {
    tree.put("sys/firmware/dmi/tables/DMI", &smbios(&TABLE));
    let tree = tree
        .file("sys/class/dmi/id/bios_date", "05/12/2024\n")
        .file("sys/class/dmi/id/chassis_type", "10\n")
        .file("sys/class/dmi/id/product_serial", &format!("{SERIAL}\n"))
        .file("sys/class/dmi/id/product_uuid", &format!("{UUID}\n"))
        .file("sys/class/dmi/id/chassis_serial", &format!("{SERIAL}\n"))
        .file("sys/class/dmi/id/chassis_asset_tag", &format!("{ASSET}\n"))
        .file(
            "sys/class/dmi/id/board_serial",
            &format!("/{SERIAL}/CN1/\n"),
        )
        .file("proc/sys/kernel/hostname", &format!("{HOST}\n"))
        .file("etc/hostname", &format!("{HOST}\n"))
        .file("etc/machine-id", &format!("{}\n", UUID.replace('-', "")))
        .file(
            "etc/passwd",
            &format!("root:x:0:0::/:/bin/sh\n{USER}:x:1000:1000:{OWNER}:/home/{USER}:/bin/sh\n"),
        )
        .file(
            "etc/group",
            &format!("root:x:0:\n{USER}:x:1000:\nmilspec:x:990:{USER}\n"),
        );
    let tree = attribute(
        tree,
        "Camera",
        "enumeration",
        &[
            ("possible_values", "Disabled;Enabled;"),
            ("current_value", "Enabled"),
            ("display_name", OWNER),
        ],
    );
    let tree = attribute(
        tree,
        "WakeOnLan",
        "enumeration",
        &[
            ("possible_values", "Disabled;LanOnly;"),
            ("current_value", TYPED),
        ],
    );
    let tree = attribute(
        tree,
        "Boot1",
        "enumeration",
        &[
            ("possible_values", &format!("None;Disk:{SERIAL};")),
            ("current_value", "None"),
        ],
    );
    // A word like any other, if one does not know better.
    let tree = attribute(
        tree,
        "Boot2",
        "enumeration",
        &[
            ("possible_values", &format!("None;Ssd{SERIAL};")),
            ("current_value", "None"),
        ],
    );
    let tree = attribute(tree, &format!("Fan{SERIAL}"), "integer", &[]);
    let tree = attribute(
        tree,
        "KbdBacklight",
        "integer",
        &[("current_value", "4242")],
    );
    let tree = attribute(tree, "Asset", "string", &[("current_value", ASSET)]);
    let tree = attribute(tree, "PropOwnTag", "string", &[("current_value", OWNER)]);
    let tree = attribute(tree, "Message", "string", &[("current_value", TYPED)]);
    tree.file(
        "sys/class/firmware-attributes/dell-wmi-sysman/attributes/pending_reboot",
        "0\n",
    )
}

/// With a driver that has read the camera.
pub fn with_driver(name: &str) -> Tree {
    let mut camera = setting("camera", "enabled");
    for (at, (id, location, value)) in TABLE.iter().take(2).enumerate() {
        let to = &mut camera.values[at];
        (to.token, to.location, to.expected) = (*id, *location, *value);
        to.read = 1;
        to.properties = milspec_uapi::VALUE_PRESENT | milspec_uapi::VALUE_READ;
    }
    camera.values[0].properties |= milspec_uapi::VALUE_ACTIVE;
    let controls = vec![camera, setting("gps", "enabled")];
    let tree = machine(Tree::loaded(name)).answers(
        &info("Dell Inc.", "Latitude 5450", "1.9.1"),
        &status(&controls),
        &controls,
    );
    tree.smbios(&CELLS.map(call))
}
