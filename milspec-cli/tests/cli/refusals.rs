// SPDX-License-Identifier: GPL-2.0

//! Why the driver refuses a change, in sentences.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{shown, MODE, SET};
use crate::machines::*;
use crate::run::{json, on};
use milspec_uapi as uapi;

/// Promise: every reason for a refusal has its own sentence, code and remedy, and exit status 5.
#[test]
fn refusals() {
    let mut text = String::new();
    let mut codes = Vec::new();
    for reason in uapi::REASON_NO_CONTROL..=uapi::REASON_UNKNOWN + 1 {
        let mut refused = answered(MODE, uapi::OUTCOME_REFUSED, &[]);
        refused.reason = reason;
        refused.control = step("camera", "enabled", "disabled").control;
        refused.needs = step("DSMIL0D1", "inactive", "active").control;
        let tree = rugged(&format!("refused-{reason}")).answer("plan-paranoid", &refused, &[]);
        let output = on(&tree, &SET);
        assert_eq!(output.status, 5);
        let (status, document) = json(&tree, &SET);
        assert_eq!(status, 5);
        assert_eq!(document["outcome"], "refused");
        let word = document["reason"].as_str().unwrap();
        text.push_str(&shown(word, &output));
        codes.push(document["error"]["code"].as_str().unwrap().to_string());
        // Of a list, a control can be left out.
        refused.mode = uapi::MODE_NONE;
        let tree = tree.answer("plan-list", &refused, &[]);
        let output = on(&tree, &["control", "set", "camera=disabled"]);
        assert_eq!(output.status, 5);
        text.push_str(&shown(&format!("{word}, list"), &output));
        if reason == uapi::REASON_RESTRICTED {
            let tree = tree.file(
                "sys/kernel/security/lockdown",
                "none [integrity] confidentiality\n",
            );
            text.push_str(&shown("restricted, locked down", &on(&tree, &SET)));
        }
    }
    assert_shows!(text, "set-refusals.txt");
    let count = codes.len();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), count, "two reasons share a code");
}
