#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0

"""Brings a Dell machine to a desired state of its firmware settings, with milspecctl."""

DOCUMENTATION = r"""
module: dell_milspec
short_description: Harden the firmware settings of a Dell machine
description:
  - Brings a machine to a mode of the dell_milspec driver, with exceptions, all of it or nothing.
  - Has the driver read the firmware, and runs C(milspecctl config apply), in check mode
    C(milspecctl config diff), which changes nothing.
requirements:
  - milspecctl and the module dell_milspec on the machine, and root there
options:
  mode:
    description: The mode. Without it, what is not named stays as it is.
    type: str
    choices: [baseline, standard, enhanced, paranoid, paranoid-plus]
  controls:
    description:
      - Controls and the values that they shall have, or C(leave). Every machine must have them.
      - Values such as C(on) and C(no) stand in quotes, as YAML takes them for truth values.
    type: dict
    default: {}
  if_present:
    description:
      - The same, for what some machines have. It is skipped, and named in RV(milspec.skipped), where
        a machine does not have the control or the value.
    type: dict
    default: {}
  except:
    description: Controls that stay as they are, whatever the mode asks for, where a machine has them.
    type: list
    elements: str
    default: []
  accept_latch:
    description: Accept that paranoid-plus cannot be left before the next boot.
    type: bool
    default: false
  bios_password:
    description: The BIOS administrator password, where the firmware wants it.
    type: str
attributes:
  check_mode:
    description: Says what would be changed, and changes nothing.
    support: full
  diff_mode:
    description: Shows each control that is changed, as it was and as it is then.
    support: full
"""

EXAMPLES = r"""
- name: Harden the firmware, and reboot where that has to come into force
  dell_milspec:
    mode: enhanced
    controls:
      camera: disabled
    if_present:
      nfc: disabled
      ac-recovery: "off"
    except: [wake-on-lan]
  register: firmware

- name: Reboot
  ansible.builtin.reboot:
  when: firmware.reboot_required
"""

RETURN = r"""
milspec:
  description: The document of milspecctl, of schema milspec.apply/1, or milspec.plan/1 in check mode.
  returned: when milspecctl was run
  type: dict
reboot_required:
  description: Whether something that was changed is in force after the next boot only.
  returned: when milspecctl was run
  type: bool
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule


def shown(text):
    """The document that milspecctl has printed, an empty one where it has not."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def config(module):
    """The document milspec.config/1 that the parameters say. A JSON string is one of TOML as well."""

    def pair(table, name, value):
        if not isinstance(value, str):
            module.fail_json(
                msg=f"{table}: {name}: the value stands in quotes, as YAML takes on, off, yes and no for truth values"
            )
        return f"{text(name)} = {text(value)}\n"

    def text(word):
        return json.dumps(word, ensure_ascii=False)

    asked = module.params
    lines = 'schema = "milspec.config/1"\n'
    if asked["mode"]:
        lines += f"mode = {text(asked['mode'])}\n"
    if asked["accept_latch"]:
        lines += "accept-latch = true\n"
    left = {name: "leave" for name in asked["except"]}
    tables = [("controls", asked["controls"]), ("if-present", {**asked["if_present"], **left})]
    for table, controls in tables:
        lines += f"[{table}]\n"
        lines += "".join(pair(table, name, value) for name, value in controls.items())
    return lines


def main():
    module = AnsibleModule(
        argument_spec={
            "mode": {
                "type": "str",
                "choices": ["baseline", "standard", "enhanced", "paranoid", "paranoid-plus"],
            },
            "controls": {"type": "dict", "default": {}},
            "if_present": {"type": "dict", "default": {}},
            "except": {"type": "list", "elements": "str", "default": []},
            "accept_latch": {"type": "bool", "default": False},
            "bios_password": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    program = module.get_bin_path("milspecctl", required=True)
    path = os.path.join(module.tmpdir, "milspec.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(config(module))
    # What something else has changed since the driver last looked is seen then. Where that fails, so
    # does what comes next, and says why.
    module.run_command([program, "--quiet", "status", "--refresh"])
    # The copy of a training is not the machine, neither to compare with nor to change.
    if shown(module.run_command([program, "--json", "mode", "get"])[1]).get("training"):
        module.fail_json(msg="there is a training: what is shown is a copy, and not the machine")
    words = [program, "--json", "config", "diff" if module.check_mode else "apply", path]
    password = module.params["bios_password"]
    if not module.check_mode:
        # What is done to the copy of a training is not done to the machine.
        words += ["--not-in-training"]
    if password and not module.check_mode:
        words += ["--bios-password-fd", "0"]
    status, out, err = module.run_command(words, data=password or "")
    document = shown(out)
    if not document:
        module.fail_json(msg=f"milspecctl gave no document, and status {status}", stderr=err)
    steps = document.get("steps", [])
    result = {
        "changed": document.get("changes", 0) != 0,
        "milspec": document,
        "reboot_required": any(w["code"] == "pending-reboot" for w in document.get("warnings", [])),
        "diff": {
            side: "".join(f"{step['control']}: {step[key]}\n" for step in steps)
            for side, key in (("before", "from"), ("after", "to"))
        },
    }
    error = document.get("error")
    if error:
        module.fail_json(msg=f"{error['what']}: {error['why']}; {error['next']}", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
