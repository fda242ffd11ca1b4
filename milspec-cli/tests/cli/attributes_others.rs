// SPDX-License-Identifier: GPL-2.0

//! BIOS attributes that no control stands beside: what `doctor` shows of them, and which of them get
//! a command.

use crate::assert_shows;
use crate::attributes::{agreeing, check, ON_OFF};
use crate::run::{json, on};
use crate::tree::{Tree, SYSMAN};

/// Promise: attributes without a control are facts with the command that sets them; what destroys
/// is shown and never with a command, whether it is known or only has such a name.
#[test]
fn others() {
    let tree = agreeing("attributes-others")
        .attribute("KernelDma", "Disabled", ON_OFF)
        .attribute("SmmSecurityMitigation", "Enabled", ON_OFF)
        .attribute("WakeOnAc", "Enabled", ON_OFF)
        .attribute("IntelTME", "Disabled", "Off;On")
        .attribute("SdCard", "Enabled", ON_OFF)
        .attribute("KeyboardIllumination", "Dim", "Dim;Bright")
        .attribute(
            "Absolute",
            "Enabled",
            "Enabled;Disabled;PermanentlyDisabled",
        )
        .attribute(
            "RemoteWipeInternalDrives",
            "Unarmed",
            "Unarmed;Armed;Complete;Error",
        )
        .attribute("TpmPpiSomethingNew", "Disabled", ON_OFF)
        .attribute("MasterPasswordLockout", "Disabled", ON_OFF)
        .attribute("CapsuleFirmwareUpdate", "Enabled", ON_OFF)
        .attribute_file(
            "CapsuleFirmwareUpdate",
            "dell_modifier",
            "[ReadOnlyIf:TpmSecurity=Enabled]\n",
        )
        .attribute("HttpsBoot", "Enabled", ON_OFF)
        .attribute_file("HttpsBoot", "dell_modifier", "[ProgHideLocal:TRUE]\n");
    let (_, document) = check(&tree);
    let find = |name: &str| {
        let mut all = document["others"].as_array().unwrap().iter();
        all.find(|other| other["attribute"] == name).cloned()
    };
    let command = |name: &str| find(name).unwrap()["command"].clone();
    assert_eq!(
        command("KernelDma"),
        "fwupdmgr set-bios-setting KernelDma Enabled"
    );
    assert_eq!(
        command("SmmSecurityMitigation"),
        "fwupdmgr set-bios-setting SmmSecurityMitigation VALUE"
    );
    // Not with a word that the machine does not list.
    assert_eq!(
        command("IntelTME"),
        "fwupdmgr set-bios-setting IntelTME VALUE"
    );
    // A control that this machine has no token for.
    assert_eq!(command("SdCard"), "fwupdmgr set-bios-setting SdCard VALUE");
    assert_eq!(find("KeyboardIllumination"), None);
    assert_eq!(find("Camera"), None);
    for name in [
        "Absolute",
        "RemoteWipeInternalDrives",
        "TpmPpiSomethingNew",
        "MasterPasswordLockout",
    ] {
        let found = find(name).unwrap();
        assert_eq!(found["destructive"], true, "{found}");
        assert!(
            found["command"].is_null() && found["no_command"].is_string(),
            "{found}"
        );
    }
    // What the firmware would refuse gets none either.
    for name in ["CapsuleFirmwareUpdate", "HttpsBoot"] {
        assert!(command(name).is_null(), "{name}");
    }
    let mut text = String::new();
    for arguments in [&["doctor"][..], &["doctor", "-v"]] {
        let output = on(&tree, arguments);
        text.push_str(&format!("# {}\n{}\n", arguments.join(" "), output.stdout));
    }
    for line in text.lines().filter(|line| line.contains("fwupdmgr")) {
        for word in ["Absolute", "Wipe", "TpmPpi", "MasterPassword"] {
            assert!(!line.contains(word), "{line}");
        }
    }
    assert_shows!(text, "attributes-others.txt");
    // With a password the commands do not work, and that is said.
    let tree = tree.file(&format!("{SYSMAN}/authentication/Admin/is_enabled"), "1\n");
    let text = on(&tree, &["doctor"]).stdout;
    assert!(
        text.contains("fwupdmgr cannot give the administrator password"),
        "{text}"
    );
    assert_eq!(json(&tree, &["doctor"]).1["attributes"]["password"], true);
}

/// Promise: without the driver attributes are shown, and no command stands where a control may be.
#[test]
fn without_the_driver() {
    let tree = Tree::bare("attributes-no-driver")
        .sysman()
        .attribute("Camera", "Enabled", ON_OFF)
        .attribute("KernelDma", "Disabled", ON_OFF);
    let (_, document) = json(&tree, &["doctor"]);
    let others = document["others"].as_array().unwrap();
    assert_eq!(others.len(), 2, "{document:#}");
    assert_eq!(others[0]["attribute"], "KernelDma");
    assert!(others[0]["command"].is_string());
    assert!(others[1]["command"].is_null(), "{document:#}");
    let text = on(&tree, &["doctor"]).stdout;
    assert!(text.contains("the driver cannot be asked"), "{text}");
}

/// Promise: no attribute that destroys gets a command, however it is spelled and whether it is known
/// or not.
#[test]
fn destructive() {
    let names = [
        "RemoteWipeInternalDrives",
        "TpmClear",
        "TpmPpiPo",
        "TpmPpiDpo",
        "TpmPpiAcpiSomethingNew",
        "NonAdminPsidRevert",
        "MasterPasswordLockout",
        "Absolute",
        "AbsoluteEnable",
        "SedBlockSidAuthentication",
        "SEDUnlock",
        "PpiBypassSedBlockSidCommand",
        "DataWipe",
    ];
    let tree = names.iter().fold(agreeing("destructive"), |tree, name| {
        tree.attribute(name, "Enabled", ON_OFF)
    });
    let (_, document) = check(&tree);
    let others = document["others"].as_array().unwrap();
    for name in names {
        let found = others.iter().find(|other| other["attribute"] == name);
        let found = found.unwrap_or_else(|| panic!("{name} is not shown"));
        assert_eq!(found["destructive"], true, "{found}");
        assert!(found["command"].is_null(), "{found}");
    }
}
