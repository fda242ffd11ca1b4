// SPDX-License-Identifier: GPL-2.0

//! Where everything is in the NVRAM file: the numbers of `firmware/layout.h`.
//!
//! A test at the end reads that header and compares every number, so that the
//! two cannot drift apart.

macro_rules! layout {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: u32 = $value;)*

        /// Every number by name, for the comparison with `layout.h`.
        pub const ALL: &[(&str, u32)] = &[$((stringify!($name), $name)),*];
    };
}

layout! {
    /// Where the magic number stands.
    NV_MAGIC = 0x0;
    /// "SDNV".
    NV_MAGIC_VALUE = 0x564E_4453;
    /// Where the version of this layout stands.
    NV_VERSION = 0x4;
    /// Size of the file.
    NV_SIZE = 0x10_0000;

    /// How many fault slots firmware looks at.
    NV_FAULT_COUNT = 0x1000;
    /// How many faults were ever put in place: each has a number of its own.
    NV_FAULT_SERIAL = 0x1004;
    /// First fault slot.
    NV_FAULT_SLOTS = 0x1400;
    /// Bytes per fault slot.
    NV_FAULT_SIZE = 0x40;
    /// Fault slots.
    NV_FAULT_MAX = 16;

    /// SMBIOS calls.
    SPACE_SMBIOS = 0;
    /// `_DSM` of DSML0001.
    SPACE_DSML = 1;
    /// dell-wmi-sysman.
    SPACE_SYSMAN = 2;
    /// Everything else.
    SPACE_OTHER = 3;
    /// Matches every key, select or argument; strikes for ever.
    ANY = 0xFFFF_FFFF;

    /// sysman: a data block was read.
    SYSMAN_QUERY = 0;
    /// sysman: an attribute is set.
    SYSMAN_SET = 1;
    /// sysman: defaults are loaded.
    SYSMAN_DEFAULTS = 2;
    /// sysman: the password is changed.
    SYSMAN_PASSWORD = 3;
    /// The privacy block was read.
    OTHER_PRIVACY = 0;
    /// Event data was fetched.
    OTHER_EVENT_DATA = 1;
    /// `_DSM` of the second DSML0001.
    OTHER_SECOND_DSML = 2;

    /// The slot is empty.
    KIND_NONE = 0;
    /// Answer with a status, do nothing.
    KIND_FAIL = 1;
    /// Leave the caller's buffer as it came.
    KIND_IGNORE = 2;
    /// Do it, but report another value.
    KIND_READBACK = 3;
    /// Sleep first.
    KIND_DELAY = 4;
    /// Report success, change nothing.
    KIND_LIE = 5;
    /// Do it, but report another status.
    KIND_STATUS = 6;
    /// Return an Integer instead of a Buffer.
    KIND_INTEGER = 16;
    /// Return a String instead of a Buffer.
    KIND_STRING = 17;
    /// Return the Buffer in a Package.
    KIND_PACKAGE = 18;
    /// Return nothing.
    KIND_NOTHING = 19;
    /// End with an AML error.
    KIND_ABORT = 20;
    /// Cut or stretch the Buffer, leave the header.
    KIND_SIZE = 21;
    /// Put another length into the header.
    KIND_LENGTH = 22;
    /// Stretch Buffer and header.
    KIND_GROW = 23;
    /// Answer with a status and nothing else, do nothing.
    KIND_BARE = 24;

    /// Call counters.
    NV_COUNTERS = 0x1800;
    /// Bytes of counters per space.
    NV_COUNTER_STRIDE = 0x100;
    /// Counters per space.
    NV_COUNTER_KEYS = 64;
    /// Log entries ever written.
    NV_LOG_HEAD = 0x1C00;
    /// The log, a ring.
    NV_LOG = 0x2000;
    /// Bytes per log entry.
    NV_LOG_ENTRY = 16;
    /// Log entries kept.
    NV_LOG_MAX = 1024;

    /// Events ever raised by the host.
    NV_EVENT_HEAD = 0x6000;
    /// Events for which Notify was done.
    NV_EVENT_TOLD = 0x6004;
    /// Events that the kernel fetched.
    NV_EVENT_TAKEN = 0x6008;
    /// How often the kernel asked for an event.
    NV_EVENT_ASKED = 0x600C;
    /// DSML0001 notifications ever asked for.
    NV_NOTIFY_HEAD = 0x6010;
    /// DSML0001 notifications done.
    NV_NOTIFY_DONE = 0x6014;
    /// Notifications of the foreign WMI device ever asked for.
    NV_FOREIGN_HEAD = 0x6018;
    /// Notifications of the foreign WMI device done.
    NV_FOREIGN_DONE = 0x601C;
    /// How often the kernel asked the foreign WMI device for an event.
    NV_FOREIGN_ASKED = 0x6020;
    /// Ring of event words.
    NV_EVENT_SLOTS = 0x6100;
    /// Bytes per event.
    NV_EVENT_SIZE = 0x40;
    /// Events in the ring.
    NV_EVENT_MAX = 16;
    /// Ring of notification codes.
    NV_NOTIFY_SLOTS = 0x6600;
    /// Codes in the ring.
    NV_NOTIFY_MAX = 16;

    /// 1 when an administrator password is installed.
    NV_PW_SET = 0x7000;
    /// The security key that a right password yields.
    NV_PW_KEY = 0x7004;
    /// Wrong answers since power-on.
    NV_PW_TRIES = 0x7008;
    /// Wrong answers after which the right one is refused.
    NV_PW_MAX_TRIES = 0x700C;
    /// Shortest password.
    NV_PW_MIN_LEN = 0x7010;
    /// Longest password.
    NV_PW_MAX_LEN = 0x7014;
    /// 1: refuse writes without the key, but report success.
    NV_PW_SILENT = 0x7018;
    /// The password.
    NV_PW_TEXT = 0x7040;
    /// Room for the password.
    NV_PW_TEXT_LEN = 32;

    /// What has a privacy switch.
    NV_PRIVACY_HAS = 0x7100;
    /// How the privacy switches stand.
    NV_PRIVACY_NOW = 0x7104;

    /// Descriptor: version of the calling interface.
    NV_WMI_VERSION = 0x7200;
    /// Bytes of a call.
    NV_WMI_SIZE = 0x7204;
    /// Descriptor: hotfix number.
    NV_WMI_HOTFIX = 0x7208;
    /// Bytes of a call that SMM takes; 0: as many as a call has.
    NV_WMI_LIMIT = 0x720C;
    /// 1 when there is a privacy block.
    NV_WMI_PRIVACY = 0x7210;
    /// What the kernel told `WED0` last.
    NV_WMI_EVENTS = 0x7214;
    /// Where ReadOnly stands in the packages of attributes.
    NV_SYSMAN_READ_ONLY = 0x7218;
    /// Nowhere.
    READ_ONLY_ABSENT = 0;
    /// The first element.
    READ_ONLY_FIRST = 1;
    /// The last element.
    READ_ONLY_LAST = 2;

    /// Per attribute kind: first index and count.
    NV_ATTR_RANGES = 0x8000;
    /// Enumeration.
    ATTR_ENUM = 0;
    /// Integer.
    ATTR_INT = 1;
    /// String.
    ATTR_STR = 2;
    /// Password object.
    ATTR_PASSWORD = 3;
    /// Attribute entries.
    NV_ATTRS = 0x2_0000;
    /// Bytes per attribute entry.
    NV_ATTR_SIZE = 0x500;
    /// Attribute entries.
    NV_ATTR_MAX = 256;
    /// Bit 0 read-only, bit 1 linked to token locations.
    ATTR_FLAGS = 0x0;
    /// Default of an integer.
    ATTR_DEFAULT_INT = 0x4;
    /// Value of an integer.
    ATTR_CURRENT_INT = 0x8;
    /// Smallest integer or shortest text.
    ATTR_MIN = 0xC;
    /// Largest integer or longest text.
    ATTR_MAX = 0x10;
    /// Step of an integer.
    ATTR_STEP = 0x14;
    /// Number of possible values.
    ATTR_VALUES = 0x18;
    /// Name.
    ATTR_NAME = 0x20;
    /// Room for the name.
    ATTR_NAME_LEN = 32;
    /// Name for people.
    ATTR_DISPLAY = 0x40;
    /// Default text.
    ATTR_DEFAULT = 0x80;
    /// Present text.
    ATTR_CURRENT = 0xC0;
    /// Room for a text.
    ATTR_TEXT_LEN = 64;
    /// Possible values.
    ATTR_VALUE = 0x100;
    /// Room for a possible value.
    ATTR_VALUE_LEN = 32;
    /// Possible values at most.
    ATTR_VALUE_MAX = 24;
    /// Token location and value for each possible value.
    ATTR_LINK = 0x400;

    /// What `_STA` of DSML0001 returns.
    NV_DSML_STA = 0x9000;
    /// Changes that firmware has made.
    NV_DSML_CHANGES = 0x9004;
    /// Devices in the answer of STATE_ALL.
    NV_DSML_STATE_COUNT = 0x9008;
    /// Indices that exist.
    NV_DSML_COUNT = 0x900C;
    /// Functions that QUERY announces.
    NV_DSML_QUERY = 0x9010;
    /// Changes that the host has made: the change count is the sum of both.
    NV_DSML_BY_HOST = 0x9014;
    /// The answer of IDENTITY.
    NV_DSML_IDENTITY = 0x9100;
    /// The answers of DESCRIBE.
    NV_DSML_DESCRIPTOR = 0x1_0000;
    /// Bytes per descriptor.
    NV_DSML_DESC_SIZE = 64;
    /// State and flags per device.
    NV_DSML_STATE = 0x1_8000;
    /// Devices at most.
    NV_DSML_MAX = 256;

    /// Token locations.
    NV_LOCATIONS = 0x8_0000;
    /// Bytes per location.
    NV_LOCATION_SIZE = 8;
    /// Value of the cell, 16 bits.
    LOC_VALUE = 0;
    /// Flags, 8 bits.
    LOC_FLAGS = 2;
    /// Largest value that may be written, 8 bits.
    LOC_MAX = 3;
    /// As largest value: any that 16 bits hold.
    LOC_MAX_ANY = 0xFF;
    /// Next location of a one-hot setting.
    LOC_NEXT = 4;
    /// The location whose value this one shows.
    LOC_CELL = 6;
    /// The location exists.
    LOC_PRESENT = 1;
    /// Writes are refused.
    LOC_READ_ONLY = 2;
    /// Writing 1 clears the others of the ring.
    LOC_ONE_HOT = 4;
}

/// Version of this layout; a file of another version is made anew.
pub const VERSION: u32 = 3;

#[cfg(test)]
mod tests {
    use super::ALL;
    use std::collections::BTreeMap;

    fn header() -> BTreeMap<String, u32> {
        let mut numbers = BTreeMap::new();
        for line in include_str!("../../firmware/layout.h").lines() {
            let mut words = line.split_whitespace();
            if words.next() != Some("#define") {
                continue;
            }
            let (Some(name), Some(text)) = (words.next(), words.next()) else {
                panic!("not a definition: {line}");
            };
            let number = match text.strip_prefix("0x") {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => text.parse(),
            };
            let number = number.unwrap_or_else(|_| panic!("not a number: {line}"));
            assert!(
                numbers.insert(name.to_owned(), number).is_none(),
                "twice: {name}"
            );
        }
        numbers
    }

    /// Fails when firmware and host disagree about one offset or constant.
    #[test]
    fn firmware_and_host_agree() {
        let ours: BTreeMap<String, u32> = ALL.iter().map(|&(n, v)| (n.to_owned(), v)).collect();
        assert_eq!(header(), ours);
    }

    /// Fails when two areas of the file overlap or one leaves it.
    #[test]
    fn areas_do_not_overlap() {
        use super::*;
        let mut areas = [
            (NV_MAGIC, 8),
            (NV_FAULT_COUNT, 8),
            (NV_FAULT_SLOTS, NV_FAULT_SIZE * NV_FAULT_MAX),
            (NV_COUNTERS, NV_COUNTER_STRIDE * 4),
            (NV_LOG_HEAD, 4),
            (NV_LOG, NV_LOG_ENTRY * NV_LOG_MAX),
            (NV_EVENT_HEAD, 0x24),
            (NV_EVENT_SLOTS, NV_EVENT_SIZE * NV_EVENT_MAX),
            (NV_NOTIFY_SLOTS, 4 * NV_NOTIFY_MAX),
            (NV_PW_SET, 0x1C),
            (NV_PW_TEXT, NV_PW_TEXT_LEN),
            (NV_PRIVACY_HAS, 8),
            (NV_WMI_VERSION, 0x1C),
            (NV_ATTR_RANGES, 32),
            (NV_DSML_STA, 0x18),
            (NV_DSML_IDENTITY, 36),
            (NV_DSML_DESCRIPTOR, NV_DSML_DESC_SIZE * NV_DSML_MAX),
            (NV_DSML_STATE, 2 * NV_DSML_MAX),
            (NV_ATTRS, NV_ATTR_SIZE * NV_ATTR_MAX),
            (NV_LOCATIONS, NV_LOCATION_SIZE * 0x1_0000),
        ];
        areas.sort_unstable();
        for pair in areas.windows(2) {
            assert!(pair[0].0 + pair[0].1 <= pair[1].0, "{pair:x?} overlap");
        }
        let (start, size) = areas[areas.len() - 1];
        assert!(start + size <= NV_SIZE);
    }
}
