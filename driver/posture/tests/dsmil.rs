// SPDX-License-Identifier: GPL-2.0

//! The parsers of DSML0001 answers against `docs/dsmil-interface.md`.
//!
//! The encoder below is written from that page alone, so that a misreading in the parser is not
//! repeated here. Section numbers in comments are the page's.

use milspec_posture::control::Class;
use milspec_posture::dsmil::{
    function, is_busy, status, Change, Descriptor, Fault, Functions, Identity, State, States,
    DEVICES, GROUPS, REVISION, STATES,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(500)
    }
}

/// Puts a header before `rest`, as in 3.1.
fn answer(status: u32, rest: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + rest.len()).unwrap();
    [&status.to_le_bytes()[..], &length.to_le_bytes(), rest].concat()
}

/// Changes the `length` of a header.
fn set_length(bytes: &mut [u8], length: usize) {
    bytes[4..8].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
}

/// Text padded with zero bytes.
fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    field[..text.len()].copy_from_slice(text);
    field
}

/// What IDENTITY answers, as in 3.3.
#[derive(Clone, Debug)]
struct TellIdentity {
    major: u16,
    minor: u16,
    devices: u16,
    groups: u16,
    change_count: u32,
    implementation: [u8; 16],
}

impl TellIdentity {
    fn good() -> Self {
        Self {
            major: 1,
            minor: 0,
            devices: 84,
            groups: 7,
            change_count: 0x1234_5678,
            implementation: padded(b"a test"),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut rest = Vec::new();
        rest.extend(self.major.to_le_bytes());
        rest.extend(self.minor.to_le_bytes());
        rest.extend(self.devices.to_le_bytes());
        rest.extend(self.groups.to_le_bytes());
        rest.extend(self.change_count.to_le_bytes());
        rest.extend(self.implementation);
        let bytes = answer(0, &rest);
        assert_eq!(bytes.len(), 36);
        bytes
    }

    fn parse(&self) -> Result<Identity, Fault> {
        Identity::parse(&self.encode())
    }
}

/// What DESCRIBE answers, as in 3.4.
#[derive(Clone, Debug)]
struct TellDevice {
    index: u16,
    group: u8,
    position: u8,
    class: u8,
    reserved: [u8; 3],
    depends_on: [u16; 4],
    name: [u8; 12],
    function: [u8; 28],
}

impl TellDevice {
    fn good() -> Self {
        Self {
            index: 13,
            group: 1,
            position: 1,
            class: 1,
            reserved: [0; 3],
            depends_on: [0, 12, 0xFFFF, 0xFFFF],
            name: padded(b"DSMIL1D1"),
            function: padded(b"Threat Detection"),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut rest = Vec::new();
        rest.extend(self.index.to_le_bytes());
        rest.extend([self.group, self.position, self.class]);
        rest.extend(self.reserved);
        rest.extend(self.depends_on.iter().flat_map(|d| d.to_le_bytes()));
        rest.extend(self.name);
        rest.extend(self.function);
        let bytes = answer(0, &rest);
        assert_eq!(bytes.len(), 64);
        bytes
    }

    fn parse(&self) -> Result<Descriptor, Fault> {
        Descriptor::parse(&self.encode(), self.index, &machine())
    }
}

/// The machine that the devices of these tests belong to: 84 devices in 7 groups.
fn machine() -> Identity {
    TellIdentity::good().parse().unwrap()
}

/// What STATE_ALL answers, as in 3.6.
fn tell_states(change_count: u32, device_count: u16, states: &[(u8, u8)]) -> Vec<u8> {
    let mut rest = Vec::new();
    rest.extend(change_count.to_le_bytes());
    rest.extend(device_count.to_le_bytes());
    rest.extend([0, 0]);
    rest.extend(states.iter().flat_map(|(state, flags)| [*state, *flags]));
    let bytes = answer(0, &rest);
    assert_eq!(bytes.len(), 16 + 2 * states.len());
    bytes
}

/// What STATE and SET_IF answer, as in 3.5 and 3.7.
fn tell_state(status: u32, index: u16, state: u8, flags: u8, change_count: u32) -> Vec<u8> {
    let mut rest = Vec::new();
    rest.extend(index.to_le_bytes());
    rest.extend([state, flags]);
    rest.extend(change_count.to_le_bytes());
    let bytes = answer(status, &rest);
    assert_eq!(bytes.len(), 16);
    bytes
}

/// A result without what differs between the functions.
type Outcome = Result<(), Fault>;

fn identity(bytes: &[u8]) -> Outcome {
    Identity::parse(bytes).map(drop)
}

fn device(bytes: &[u8]) -> Outcome {
    Descriptor::parse(bytes, TellDevice::good().index, &machine()).map(drop)
}

fn state(bytes: &[u8]) -> Outcome {
    State::parse(bytes, 13).map(drop)
}

fn three_states(bytes: &[u8]) -> Outcome {
    States::parse(bytes, 3).map(drop)
}

fn change(bytes: &[u8]) -> Outcome {
    Change::parse(bytes, 13).and_then(Change::made).map(drop)
}

/// Name of a function, a good answer of it, and how that is parsed.
type Good = (&'static str, Vec<u8>, fn(&[u8]) -> Outcome);

/// A good answer of every function that has a header.
fn good_answers() -> [Good; 5] {
    let states = tell_states(9, 3, &[(0, 0), (1, 1), (2, 0)]);
    [
        ("IDENTITY", TellIdentity::good().encode(), identity),
        ("DESCRIBE", TellDevice::good().encode(), device),
        ("STATE", tell_state(0, 13, 1, 1, 9), state),
        ("STATE_ALL", states, three_states),
        ("SET_IF", tell_state(0, 13, 1, 1, 9), change),
    ]
}

fn printable(length: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(b' '..=b'~', 0..=length)
}

/// The numbers of section 2 and of the table of functions.
#[test]
fn numbers_are_those_of_the_page() {
    assert_eq!(
        [
            function::QUERY,
            function::IDENTITY,
            function::DESCRIBE,
            function::STATE,
            function::STATE_ALL,
            function::SET_IF
        ],
        [0, 1, 2, 3, 4, 5]
    );
    assert_eq!(
        [
            status::OK,
            status::NOT_SUPPORTED,
            status::BAD_INDEX,
            status::BAD_VALUE,
            status::CONFLICT,
            status::REFUSED,
            status::BUSY
        ],
        [0, 1, 2, 3, 4, 5, 6]
    );
    assert_eq!((REVISION, DEVICES, GROUPS), (1, 256, 16));
    assert_eq!(STATES, ["inactive", "active", "failed"]);
}

// Any bytes.

/// Tells whether text is printable and its padding zero.
fn is_text(field: &[u8]) -> bool {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    let (used, padding) = field.split_at(end);
    used.iter().all(|b| (0x20..0x7F).contains(b)) && padding.iter().all(|b| *b == 0)
}

/// What holds of an [`Identity`] whatever the bytes were.
fn assert_identity_within_limits(bytes: &[u8]) {
    if let Ok(identity) = Identity::parse(bytes) {
        assert_eq!(identity.major, 1);
        assert!((1..=256).contains(&identity.devices));
        assert!((1..=16).contains(&identity.groups));
        assert!(is_text(&identity.implementation));
    }
}

/// The devices that section 3.4 names: group, position and name.
const TABOO: [(u8, u8, &str); 5] = [
    (0, 9, "DSMIL0D9"),
    (0, 10, "DSMIL0DA"),
    (0, 11, "DSMIL0DB"),
    (1, 9, "DSMIL1D9"),
    (2, 9, "DSMIL2D9"),
];

fn is_quarantined(name: &str, group: u8, position: u8) -> bool {
    let mut taboo = TABOO.iter();
    taboo.any(|(g, p, n)| *n == name || (*g, *p) == (group, position))
}

/// What holds of a [`Descriptor`] whatever the bytes were.
fn assert_device_within_limits(bytes: &[u8], index: u16, identity: &Identity) {
    let Ok(device) = Descriptor::parse(bytes, index, identity) else {
        return;
    };
    assert_eq!(device.index, index);
    assert!(u16::from(device.group) < identity.groups);
    assert!(device.position <= 15);
    let used = device.depends_on.iter().take_while(|d| d.is_some()).count();
    assert!(device.depends_on[used..].iter().all(|d| d.is_none()));
    for on in device.depends_on.into_iter().flatten() {
        assert!(on != index && on < identity.devices);
    }
    assert!(is_text(&device.name) && is_text(&device.function));
    assert!(device.name[0] != 0);
    let name = std::str::from_utf8(&device.name).unwrap();
    let name = name.trim_end_matches('\0');
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    assert!(name.chars().all(allowed));
    if is_quarantined(name, device.group, device.position) {
        assert_eq!(device.class, Class::Quarantined);
    }
}

/// What holds of a [`State`] whatever the bytes were: they said that all is well, of this device.
fn assert_state_as_told(bytes: &[u8], index: u16) {
    if let Ok(state) = State::parse(bytes, index) {
        assert_eq!(bytes[..4], [0; 4]);
        assert_eq!(bytes[8..10], index.to_le_bytes());
        assert_eq!(state.state, bytes[10]);
        assert_eq!(state.tamper, bytes[11] % 2 == 1);
    }
}

/// What holds of a [`Change`] whatever the bytes were: its status is theirs, and its state too.
fn assert_change_as_told(bytes: &[u8], index: u16) {
    if let Ok(change) = Change::parse(bytes, index) {
        assert_eq!(bytes[..4], change.status.to_le_bytes());
        assert!(![1, 2, 3].contains(&change.status));
        assert_eq!(bytes[8..10], index.to_le_bytes());
        assert_eq!(change.state.state, bytes[10]);
        assert_eq!(change.made().is_ok(), change.status == 0);
    }
}

/// What holds of [`States`] whatever the bytes were.
fn assert_states_within_limits(bytes: &[u8], devices: u16) {
    if let Ok(states) = States::parse(bytes, devices) {
        for index in 0..devices {
            assert!(states.get(index).is_some());
        }
        assert_eq!(states.get(devices), None);
        assert_eq!(states.get(u16::MAX), None);
    }
}

proptest! {
    #![proptest_config(config())]

    /// Noise makes no parser panic.
    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..600), number: u16) {
        let _ = Functions::parse(&bytes);
        assert_change_as_told(&bytes, number);
        assert_identity_within_limits(&bytes);
        assert_device_within_limits(&bytes, number, &machine());
        assert_state_as_told(&bytes, number);
        assert_states_within_limits(&bytes, number);
    }

    /// Noise behind a header that says that all is well: this is what gets past the first check.
    #[test]
    fn any_bytes_behind_a_good_header_are_survived(
        rest in vec(any::<u8>(), 0..600),
        index in 0..84u16,
    ) {
        let mut bytes = answer(0, &rest);
        assert_identity_within_limits(&bytes);
        assert_device_within_limits(&bytes, index, &machine());
        assert_state_as_told(&bytes, index);
        if let Some(told) = bytes.get(8..10) {
            assert_state_as_told(&bytes, u16::from_le_bytes([told[0], told[1]]));
        }
        for devices in [0u16, 1, 84, 256, 292, 0xFFFF] {
            if let Some(count) = bytes.get_mut(12..14) {
                count.copy_from_slice(&devices.to_le_bytes());
            }
            assert_states_within_limits(&bytes, devices);
        }
    }

    /// A good answer with some bytes overwritten is refused or within all limits.
    #[test]
    fn damaged_answers_are_refused_or_within_limits(
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for (_, mut bytes, _) in good_answers() {
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            assert_identity_within_limits(&bytes);
            assert_device_within_limits(&bytes, 13, &machine());
            assert_state_as_told(&bytes, 13);
            assert_change_as_told(&bytes, 13);
            assert_states_within_limits(&bytes, 3);
        }
    }
}

// 3.1: the header, the same for every function.

/// Section 5: an answer that ends early is refused, whether `length` admits it or not.
#[test]
fn every_truncation_is_refused() {
    for (function, whole, parse) in good_answers() {
        assert_eq!(parse(&whole), Ok(()), "{function}");
        for cut in 0..whole.len() {
            let mut bytes = whole[..cut].to_vec();
            assert_eq!(parse(&bytes), Err(Fault::Malformed), "{function}: {cut}");
            if cut >= 8 {
                set_length(&mut bytes, cut);
                assert_eq!(parse(&bytes), Err(Fault::Malformed), "{function}: {cut}");
            }
        }
    }
}

/// Section 5: `length` above the Buffer's size, or below what the function needs even though the
/// Buffer is long enough.
#[test]
fn wrong_lengths_are_refused() {
    for (function, good, parse) in good_answers() {
        let (short, long) = (0..good.len(), good.len() + 1..2 * good.len());
        let huge = [0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF8, 0xFFFF_FFFF];
        for length in short.chain(long).chain(huge) {
            let mut bytes = good.clone();
            set_length(&mut bytes, length);
            assert_eq!(parse(&bytes), Err(Fault::Malformed), "{function}: {length}");
        }
    }
}

/// Section 5: later minor versions may append fields, and bytes beyond `length` mean nothing.
#[test]
fn longer_answers_are_used_and_their_rest_ignored() {
    let cases = [(0, 0xFF), (1, 0xFF), (4, 0x00), (500, 0xA5)];
    for (function, good, parse) in good_answers() {
        for (extra, byte) in cases {
            let mut bytes = good.clone();
            bytes.extend(vec![byte; extra]);
            assert_eq!(parse(&bytes), Ok(()), "{function}: beyond length");
            let length = bytes.len();
            set_length(&mut bytes, length);
            assert_eq!(parse(&bytes), Ok(()), "{function}: appended");
        }
    }
    // It is the rest that is ignored, not what comes before it.
    let mut bytes = TellIdentity::good().encode();
    bytes.extend([0xFF; 20]);
    assert_eq!(Identity::parse(&bytes), Ok(machine()));
    let mut bytes = TellDevice::good().encode();
    bytes.extend([0xFF; 20]);
    let device = Descriptor::parse(&bytes, 13, &machine());
    assert_eq!(device, TellDevice::good().parse());
    let mut bytes = tell_state(0, 13, 1, 0, 7);
    bytes.extend([0xFF; 20]);
    let expected = State {
        state: 1,
        tamper: false,
    };
    assert_eq!(State::parse(&bytes, 13), Ok(expected));
    let mut bytes = tell_states(0, 1, &[(2, 1)]);
    bytes.extend([0xFF; 20]);
    assert_eq!(States::parse(&bytes, 1).unwrap().get(1), None);
}

/// A status that is not OK is handed on as it is, with or without the fields after the header;
/// without them only where the function allows that.
#[test]
fn failure_is_reported_with_its_status() {
    for (function, good, parse) in good_answers() {
        for status in [1, 2, 3, 4, 5, 6, 7, 8, 0x100, 0x8000_0000, u32::MAX] {
            let failed = Err(Fault::Status(status));
            let bare = match function {
                "SET_IF" if status > 3 => Err(Fault::Malformed),
                _ => failed,
            };
            assert_eq!(parse(&answer(status, &[])), bare, "{function}");
            let mut whole = good.clone();
            whole[..4].copy_from_slice(&status.to_le_bytes());
            assert_eq!(parse(&whole), failed, "{function}");
        }
    }
}

/// A header that is malformed is not believed in its status either.
#[test]
fn status_of_a_malformed_answer_is_not_used() {
    for (function, _, parse) in good_answers() {
        for length in [0, 7, 9, 36, usize::try_from(u32::MAX).unwrap()] {
            let mut bytes = answer(5, &[]);
            set_length(&mut bytes, length);
            assert_eq!(parse(&bytes), Err(Fault::Malformed), "{function}: {length}");
        }
    }
}

// 3.2: QUERY.

/// Usable with bits 0 to 4, switchable with bit 5, and no other bit matters.
#[test]
fn query_needs_the_mandatory_functions() {
    for mask in 0..=0xFFu8 {
        for tail in [&[][..], &[0], &[0xFF; 3], &[0xFF; 40]] {
            let bytes = [&[mask][..], tail].concat();
            match Functions::parse(&bytes) {
                Ok(functions) => {
                    assert!((0..=4).all(|function| mask >> function & 1 == 1));
                    assert_eq!(functions.can_set(), mask >> 5 & 1 == 1);
                }
                Err(fault) => {
                    assert!((0..=4).any(|function| mask >> function & 1 == 0));
                    assert_eq!(fault, Fault::Malformed);
                }
            }
        }
    }
    assert_eq!(Functions::parse(&[]), Err(Fault::Malformed));
}

/// The two masks that the page names.
#[test]
fn query_answers_of_version_1_are_understood() {
    assert!(Functions::parse(&[0x3F]).unwrap().can_set());
    assert!(!Functions::parse(&[0x1F]).unwrap().can_set());
}

// 3.3: IDENTITY.

proptest! {
    #![proptest_config(config())]

    /// What firmware says within the limits is what the driver sees; any minor version will do.
    #[test]
    fn identity_parses_back(
        minor: u16,
        devices in 1..=256u16,
        groups in 1..=16u16,
        change_count: u32,
        implementation in printable(16),
    ) {
        let implementation = padded(&implementation);
        let told = TellIdentity {
            major: 1, minor, devices, groups, change_count, implementation,
        };
        let expected = Identity { major: 1, minor, devices, groups, implementation };
        prop_assert_eq!(told.parse(), Ok(expected));
    }

    /// Another major version is reported as that, not as a malformed version 1: of its answer only
    /// the place of the version is known.
    #[test]
    fn other_major_versions_are_refused_as_such(
        major in prop_oneof![Just(0u16), 2..=0xFFFFu16],
        rest in proptest::array::uniform24(any::<u8>()),
    ) {
        let bytes = answer(0, &[&major.to_le_bytes()[..], &[0, 0], &rest].concat());
        prop_assert_eq!(Identity::parse(&bytes), Err(Fault::Version(major)));
    }
}

/// Section 2: 1 to 256 devices in 1 to 16 groups.
#[test]
fn identity_outside_the_limits_is_refused() {
    let good = TellIdentity::good();
    for devices in [0, 257, 10_000, 0xFFFF] {
        let told = TellIdentity { devices, ..good };
        assert_eq!(told.parse(), Err(Fault::Limits), "{devices} devices");
    }
    for groups in [0, 17, 256, 0xFFFF] {
        let told = TellIdentity { groups, ..good };
        assert_eq!(told.parse(), Err(Fault::Limits), "{groups} groups");
    }
    for (devices, groups) in [(1, 1), (256, 16), (1, 16), (256, 1)] {
        let told = TellIdentity {
            devices,
            groups,
            ..good
        };
        assert!(told.parse().is_ok(), "{devices} devices, {groups} groups");
    }
}

// 3.4: DESCRIBE.

proptest! {
    #![proptest_config(config())]

    /// What firmware says of a device is what the driver sees, reserved bytes aside.
    #[test]
    fn descriptions_parse_back(
        index in 0..84u16,
        group in 0..7u8,
        position in 0..=15u8,
        reserved: [u8; 3],
        depends in vec(0..84u16, 0..=4),
        name in "[A-Z0-9]{1,12}",
        function in printable(28),
    ) {
        prop_assume!(!depends.contains(&index));
        prop_assume!(!is_quarantined(&name, group, position));
        let mut depends_on = [0xFFFF; 4];
        depends_on[..depends.len()].copy_from_slice(&depends);
        let name = padded(name.as_bytes());
        let function = padded(&function);
        let told = TellDevice {
            index, group, position, class: 2, reserved, depends_on, name, function,
        };
        let mut known = [None; 4];
        for (place, on) in known.iter_mut().zip(&depends) {
            *place = Some(*on);
        }
        let expected = Descriptor {
            index, group, position, class: Class::Restricted, depends_on: known, name, function,
        };
        prop_assert_eq!(told.parse(), Ok(expected));
    }

    /// Section 5: the description of another device than the one asked for.
    #[test]
    fn description_of_another_index_is_refused(asked: u16, answered: u16) {
        prop_assume!(asked != answered);
        let told = TellDevice { index: answered, depends_on: [0xFFFF; 4], ..TellDevice::good() };
        let parsed = Descriptor::parse(&told.encode(), asked, &machine());
        prop_assert_eq!(parsed, Err(Fault::Malformed));
    }
}

/// Groups are below `group_count`, positions at most 15.
#[test]
fn group_and_position_keep_to_the_limits() {
    for byte in 0..=0xFFu8 {
        let group = TellDevice {
            group: byte,
            ..TellDevice::good()
        };
        assert_eq!(group.parse().is_ok(), byte < 7, "group {byte}");
        let position = TellDevice {
            position: byte,
            ..TellDevice::good()
        };
        assert_eq!(position.parse().is_ok(), byte <= 15, "position {byte}");
    }
}

/// No dependency on itself, on a device that does not exist, or after an unused place.
#[test]
fn impossible_dependencies_are_refused() {
    const NONE: u16 = 0xFFFF;
    let parse = |depends_on| {
        let told = TellDevice {
            depends_on,
            ..TellDevice::good()
        };
        told.parse().map(|device| device.depends_on)
    };
    assert_eq!(parse([NONE; 4]), Ok([None; 4]));
    assert_eq!(
        parse([83, 0, 1, 2]),
        Ok([Some(83), Some(0), Some(1), Some(2)])
    );
    for place in 0..4 {
        // 13 is the device itself, 84 the first that does not exist.
        for bad in [13, 84, 255, 256, 10_000, 0xFFFE] {
            let mut depends_on = [0, 1, 2, 3];
            depends_on[place] = bad;
            assert!(parse(depends_on).is_err(), "{depends_on:?}");
        }
    }
    for gap in [
        [NONE, 0, NONE, NONE],
        [NONE, NONE, NONE, 0],
        [0, NONE, 1, NONE],
        [0, 1, NONE, 2],
    ] {
        assert!(parse(gap).is_err(), "{gap:?}");
    }
}

/// Names are upper-case letters and digits, at least one, padded with nothing but zero bytes.
#[test]
fn names_are_well_formed() {
    let parse = |name| {
        let told = TellDevice {
            name,
            ..TellDevice::good()
        };
        told.parse()
    };
    for good in [
        &b"D"[..],
        b"7",
        b"DSMIL0D5",
        b"ABCDEFGHIJKL",
        b"012345678901",
    ] {
        assert_eq!(parse(padded(good)).unwrap().name, padded::<12>(good));
    }
    for bad in [
        &b""[..],
        b"dsmil0d5",
        b"DSMIL0d5",
        b"DSMIL 5",
        b" DSMIL5",
        b"DSMIL-5",
        b"DSMIL/5",
        b"\0DSMIL5",
        b"DSMIL\x005",
        b"DSMIL0D5\0\0\0X",
        b"DSMIL0D5\0\0\0\x01",
        b"DSMIL\n",
        b"\xC4\xD6\xDC",
    ] {
        assert!(parse(padded(bad)).is_err(), "{bad:?}");
    }
    // Every byte at every place of a name that fills its field.
    for place in 0..12 {
        for byte in 0..=0xFFu8 {
            let mut name = *b"ABCDEF012345";
            name[place] = byte;
            // A zero byte at the last place is padding.
            let padding = byte == 0 && place == 11;
            let good = matches!(byte, b'A'..=b'Z' | b'0'..=b'9') || padding;
            assert_eq!(parse(name).is_ok(), good, "{byte:#x} at {place}");
        }
    }
}

/// What a device does is told in printable ASCII, padded with zero bytes.
#[test]
fn functions_are_printable() {
    let parse = |function| {
        let told = TellDevice {
            function,
            ..TellDevice::good()
        };
        told.parse().is_ok()
    };
    assert!(parse([0; 28]));
    assert!(parse([b'~'; 28]));
    for byte in 1..=0xFFu8 {
        let good = (0x20..0x7F).contains(&byte);
        assert_eq!(parse(padded(&[b'a', byte, b'b'])), good, "{byte:#x}");
        assert!(!parse(padded(&[b'a', 0, byte])), "{byte:#x} in the padding");
    }
}

/// Class 3 and every class that this version does not know are quarantined.
#[test]
fn unknown_classes_are_quarantined() {
    for number in 0..=0xFFu8 {
        let told = TellDevice {
            class: number,
            ..TellDevice::good()
        };
        let expected = match number {
            0 => Class::Safe,
            1 => Class::Monitored,
            2 => Class::Restricted,
            4 => Class::ReadOnly,
            _ => Class::Quarantined,
        };
        assert_eq!(told.parse().unwrap().class, expected, "class {number}");
    }
}

/// Invariant 1 of the design: a device that is quarantined by what it is for stays so, whatever
/// firmware claims, wherever it claims it to be, and whatever it calls what stands in its place.
#[test]
fn known_devices_are_quarantined_whatever_firmware_claims() {
    for (group, position, name) in TABOO {
        for class in 0..=0xFFu8 {
            let named = TellDevice {
                class,
                group: class % 7,
                position: class % 16,
                name: padded(name.as_bytes()),
                ..TellDevice::good()
            };
            assert_eq!(named.parse().unwrap().class, Class::Quarantined, "{name}");
            let placed = TellDevice {
                class,
                group,
                position,
                name: padded(b"HARMLESS"),
                ..TellDevice::good()
            };
            assert_eq!(placed.parse().unwrap().class, Class::Quarantined, "{name}");
        }
    }
    for group in 0..7 {
        for position in 0..16 {
            let told = TellDevice {
                group,
                position,
                name: padded(b"HARMLESS"),
                ..TellDevice::good()
            };
            let is_taboo = TABOO.iter().any(|(g, p, _)| (*g, *p) == (group, position));
            let class = told.parse().unwrap().class;
            assert_eq!(class == Class::Quarantined, is_taboo, "{group} {position}");
        }
    }
    for other in [
        "DSMIL0D",
        "DSMIL0D8",
        "DSMIL0D90",
        "DSMIL0D9DSMI",
        "XDSMIL0D9",
    ] {
        let told = TellDevice {
            name: padded(other.as_bytes()),
            ..TellDevice::good()
        };
        assert_eq!(told.parse().unwrap().class, Class::Monitored, "{other}");
    }
}

/// A device's number, which is part of the control's id in the ABI, is made of its group and its
/// position and of nothing else: it is the same on every machine and in every version.
#[test]
fn numbers_of_devices_never_change() {
    for group in 0..7 {
        for position in 0..16 {
            let told = TellDevice {
                group,
                position,
                ..TellDevice::good()
            };
            let number = u32::from(group) * 0x100 + u32::from(position);
            assert_eq!(told.parse().unwrap().number(), number);
        }
    }
}

/// The devices of `tests/data/dsmil-devices.csv`, told as the page says, come out as they are
/// written there.
#[test]
fn known_devices_can_be_described() {
    let csv = include_str!("../../../tests/data/dsmil-devices.csv");
    let rows: Vec<Vec<_>> = csv
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 84);
    let index_of = |name| rows.iter().position(|row| row[0] == name).unwrap() as u16;
    for (row, index) in rows.iter().zip(0..) {
        let [name, group, position, function, class, depends] = row[..] else {
            panic!("{row:?}");
        };
        let depends: Vec<u16> = depends.split_whitespace().map(index_of).collect();
        let mut depends_on = [0xFFFF; 4];
        depends_on[..depends.len()].copy_from_slice(&depends);
        let (number, expected) = match class {
            "safe" => (0, Class::Safe),
            "monitored" => (1, Class::Monitored),
            "restricted" => (2, Class::Restricted),
            "quarantined" => (3, Class::Quarantined),
            "read-only" => (4, Class::ReadOnly),
            _ => panic!("{row:?}"),
        };
        let told = TellDevice {
            index,
            group: group.parse().unwrap(),
            position: position.parse().unwrap(),
            class: number,
            reserved: [0; 3],
            depends_on,
            name: padded(name.as_bytes()),
            function: padded(function.as_bytes()),
        };
        let device = told.parse().unwrap();
        assert_eq!(device.class, expected, "{name}");
        let on: Vec<_> = device.depends_on.into_iter().flatten().collect();
        assert_eq!(on, depends, "{name}");
        assert_eq!(device.name, padded::<12>(name.as_bytes()));
    }
}

// 3.5 and 3.7: STATE, and what SET_IF answers.

proptest! {
    #![proptest_config(config())]

    /// A state comes out as firmware told it, one of no known meaning included; of the flags, only
    /// bit 0 has one.
    #[test]
    fn state_parses_back(index: u16, state: u8, flags: u8, change_count: u32) {
        let expected = State { state, tamper: flags % 2 == 1 };
        let bytes = tell_state(0, index, state, flags, change_count);
        prop_assert_eq!(State::parse(&bytes, index), Ok(expected));
    }

    /// Section 5: the state of another device is none of this one.
    #[test]
    fn state_of_another_device_is_refused(index: u16, told: u16, state: u8) {
        prop_assume!(index != told);
        let bytes = tell_state(0, told, state, 0, 0);
        prop_assert_eq!(State::parse(&bytes, index), Err(Fault::Malformed));
    }

    /// SET_IF describes the device also when it did not change it. Whatever it tells, even the new
    /// state, no such answer is taken for success.
    #[test]
    fn set_if_that_did_nothing_is_no_success(
        status in prop_oneof![1..=8u32, 1..=u32::MAX],
        index: u16,
        state: u8,
        flags: u8,
    ) {
        let bytes = tell_state(status, index, state, flags, 0);
        let change = Change::parse(&bytes, index);
        prop_assert_eq!(change.and_then(Change::made), Err(Fault::Status(status)));
    }

    /// Section 5: an answer that describes another device says nothing of this one, whatever its
    /// status is. Those that describe none need not name it.
    #[test]
    fn change_of_another_device_is_refused(
        status in prop_oneof![0..=8u32, any::<u32>()],
        index: u16,
        told: u16,
        state: u8,
    ) {
        prop_assume!(index != told);
        let bytes = tell_state(status, told, state, 0, 0);
        let expected = match status {
            1..=3 => Fault::Status(status),
            _ => Fault::Malformed,
        };
        prop_assert_eq!(Change::parse(&bytes, index), Err(expected));
    }
}

/// Section 5: with CONFLICT, REFUSED, BUSY, FAILED and what means FAILED, SET_IF must describe the
/// device; with NOT_SUPPORTED, BAD_INDEX and BAD_VALUE there is none to describe.
#[test]
fn set_if_needs_sixteen_bytes_where_it_describes_the_device() {
    for status in (0..=0x20).chain([0x100, 0x8000_0000, u32::MAX]) {
        let whole = tell_state(status, 13, 1, 0, 0);
        for length in 8..16 {
            let mut bytes = whole.clone();
            set_length(&mut bytes, length);
            let short = Change::parse(&whole[..length], 13).unwrap_err();
            let cut = Change::parse(&bytes, 13).unwrap_err();
            match status {
                1..=3 => assert_eq!(cut, Fault::Status(status), "{length} bytes"),
                _ => assert_eq!(cut, Fault::Malformed, "status {status}, {length} bytes"),
            }
            // `length` is above the size of this one.
            assert_eq!(short, Fault::Malformed, "status {status}, {length} bytes");
        }
        let expected = match status {
            1..=3 => Err(Fault::Status(status)),
            _ => Ok(Change {
                status,
                state: State {
                    state: 1,
                    tamper: false,
                },
            }),
        };
        assert_eq!(Change::parse(&whole, 13), expected);
    }
}

/// Section 3.1: what is asked again is what answered BUSY, and of SET_IF only what has left the
/// device in the expected state.
#[test]
fn busy_answers_are_told_from_others() {
    for status in (0..=8).chain([0x106, u32::MAX]) {
        assert_eq!(is_busy(&answer(status, &[])), status == 6, "{status}");
        for (expected, state) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (0, 2)] {
            let told = tell_state(status, 13, state, 1, 0);
            assert_eq!(is_busy(&told), status == 6, "{status}");
            let change = Change::parse(&told, 13);
            let again = change.is_ok_and(|change| change.is_to_be_repeated(expected));
            assert_eq!(again, status == 6 && state == expected, "{status}");
        }
    }
    // A malformed answer says nothing.
    let mut bytes = answer(6, &[]);
    set_length(&mut bytes, 9);
    assert!(!is_busy(&bytes) && !is_busy(&bytes[..7]) && !is_busy(&[]));
}

// 3.6: STATE_ALL.

proptest! {
    #![proptest_config(config())]

    /// States come out as firmware told them, those of no known meaning included; of the flags,
    /// only bit 0 has one. Reserved bytes are ignored.
    #[test]
    fn states_parse_back(
        told in vec(any::<(u8, u8)>(), 1..=256),
        change_count: u32,
        reserved: [u8; 2],
    ) {
        let devices = u16::try_from(told.len()).unwrap();
        let mut bytes = tell_states(change_count, devices, &told);
        bytes[14..16].copy_from_slice(&reserved);
        let states = States::parse(&bytes, devices).unwrap();
        for ((state, flags), index) in told.iter().zip(0..) {
            let expected = State { state: *state, tamper: flags % 2 == 1 };
            prop_assert_eq!(states.get(index), Some(expected));
        }
        prop_assert_eq!(states.get(devices), None);
        prop_assert_eq!(states.get(u16::MAX), None);
    }

    /// Section 5: another number of devices than IDENTITY told, with room for either number.
    #[test]
    fn states_of_another_number_of_devices_are_refused(
        devices in 1..=256u16,
        told in any::<u16>(),
        room in 1..=256usize,
    ) {
        prop_assume!(devices != told);
        let bytes = tell_states(0, told, &vec![(1, 0); room]);
        prop_assert_eq!(States::parse(&bytes, devices).err(), Some(Fault::Malformed));
    }
}
