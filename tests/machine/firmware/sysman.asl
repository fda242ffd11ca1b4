// SPDX-License-Identifier: GPL-2.0

/*
 * BIOS attributes and passwords over WMI: what mainline's dell-wmi-sysman
 * binds to. Two devices, as on real machines: AMW2 has the attributes, AMW4
 * the passwords. What is asked of SMM, and so every status, is in
 * smm-attributes.asl; here are the shapes.
 *
 * A package has a fixed number of elements, those that are not needed are "".
 * An enumeration with more values than there is room for ends the method with
 * AE_AML_PACKAGE_LIMIT. The element ReadOnly is absent, the last or the first
 * one, as the machine has it.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "SYSMAN", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.VOID, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.TX32, MethodObj)
    External (\_SB.PCI0.NVRM.TX64, MethodObj)
    External (\_SB.PCI0.NVRM.ATEN, MethodObj)
    External (\_SB.PCI0.NVRM.ATCU, MethodObj)
    External (\_SB.PCI0.NVRM.SYAT, MethodObj)
    External (\_SB.PCI0.NVRM.SYPW, MethodObj)
    External (\_SB.PCI0.NVRM.PWON, MethodObj)

    Scope (\_SB)
    {
        Device (AMW2)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "WBAT")

            Name (WDGB, Buffer ()
            {
                // F1DDEE52-063C-4784-A11E-8A06684B9BF5, enumerations, WQBL
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xF5,
                0x42, 0x4C, 0x00, 0x00,
                // F1DDEE52-063C-4784-A11E-8A06684B9BFA, integers, WQAL
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xFA,
                0x41, 0x4C, 0x00, 0x00,
                // F1DDEE52-063C-4784-A11E-8A06684B9BF9, strings, WQCL
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xF9,
                0x43, 0x4C, 0x00, 0x00,
                // F1DDEE52-063C-4784-A11E-8A06684B9BF4, methods, WMDL
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xF4,
                0x44, 0x4C, 0x01, 0x02
            })

            // How many instances a block has SMM is asked, which puts it into
            // the whole byte.
            Method (_WDG, 0, Serialized)
            {
                Local0 = WDGB
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    Local1 = 0
                    While (Local1 < 3)
                    {
                        Local0[(Local1 * 20) + 18] =
                            \_SB.PCI0.NVRM.R32 (NV_ATTR_RANGES + (Local1 * 8) + 4) & 0xFF
                        Local1++
                    }
                }
                Return (Local0)
            }

            // Puts what all kinds begin with into the Package Arg0, for the
            // entry Arg1. Returns the next index.
            Method (HEAD, 2, Serialized)
            {
                Local0 = 0
                If (\_SB.PCI0.NVRM.R32 (NV_SYSMAN_READ_ONLY) == READ_ONLY_FIRST)
                {
                    Arg0[0] = \_SB.PCI0.NVRM.R32 (Arg1 + ATTR_FLAGS) & 1
                    Local0 = 1
                }
                Arg0[Local0] = \_SB.PCI0.NVRM.TX32 (Arg1 + ATTR_NAME)
                Arg0[Local0 + 1] = "en|US"
                Arg0[Local0 + 2] = \_SB.PCI0.NVRM.TX64 (Arg1 + ATTR_DISPLAY)
                Return (Local0 + 3)
            }

            // And what they end with, at index Arg2.
            Method (TAIL, 3, Serialized)
            {
                If (\_SB.PCI0.NVRM.R32 (NV_SYSMAN_READ_ONLY) == READ_ONLY_LAST)
                {
                    Arg0[Arg2] = \_SB.PCI0.NVRM.R32 (Arg1 + ATTR_FLAGS) & 1
                }
            }

            // Default, value, modifier, number of modifiers (there is never
            // one), number of possible values, possible values.
            Method (WQBL, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local3 = Package (25)
                {
                    "", "", "", "", "", "", "", "", "", "",
                    "", "", "", "", "", "", "", "", "", "",
                    "", "", "", "", ""
                }
                Local0 = \_SB.PCI0.NVRM.ATEN (ATTR_ENUM, Arg0)
                If (Local0 == 0) { Return (Local3) }
                Local1 = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_VALUES)
                Local2 = HEAD (Local3, Local0)
                Local3[Local2] = \_SB.PCI0.NVRM.TX64 (Local0 + ATTR_DEFAULT)
                Local3[Local2 + 1] = \_SB.PCI0.NVRM.ATCU (Local0)
                Local3[Local2 + 3] = 0
                Local3[Local2 + 4] = Local1
                Local2 += 5
                Local4 = 0
                While (Local4 < Local1)
                {
                    Local3[Local2] =
                        \_SB.PCI0.NVRM.TX32 (Local0 + ATTR_VALUE + (Local4 * ATTR_VALUE_LEN))
                    Local2++
                    Local4++
                }
                TAIL (Local3, Local0, Local2)
                Return (Local3)
            }

            // Default, value, modifier, smallest, largest, step.
            Method (WQAL, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local3 = Package (20)
                {
                    "", "", "", "", "", "", "", "", "", "",
                    "", "", "", "", "", "", "", "", "", ""
                }
                Local0 = \_SB.PCI0.NVRM.ATEN (ATTR_INT, Arg0)
                If (Local0 == 0) { Return (Local3) }
                Local2 = HEAD (Local3, Local0)
                Local3[Local2] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_DEFAULT_INT)
                Local3[Local2 + 1] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_CURRENT_INT)
                Local3[Local2 + 3] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MIN)
                Local3[Local2 + 4] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MAX)
                Local3[Local2 + 5] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_STEP)
                TAIL (Local3, Local0, Local2 + 6)
                Return (Local3)
            }

            // Default, value, modifier, shortest, longest.
            Method (WQCL, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local3 = Package (20)
                {
                    "", "", "", "", "", "", "", "", "", "",
                    "", "", "", "", "", "", "", "", "", ""
                }
                Local0 = \_SB.PCI0.NVRM.ATEN (ATTR_STR, Arg0)
                If (Local0 == 0) { Return (Local3) }
                Local2 = HEAD (Local3, Local0)
                Local3[Local2] = \_SB.PCI0.NVRM.TX64 (Local0 + ATTR_DEFAULT)
                Local3[Local2 + 1] = \_SB.PCI0.NVRM.TX64 (Local0 + ATTR_CURRENT)
                Local3[Local2 + 3] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MIN)
                Local3[Local2 + 4] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MAX)
                TAIL (Local3, Local0, Local2 + 5)
                Return (Local3)
            }

            // 1 SetDefaultValue, 2 SetDefaultValues, 3 SetBIOSDefaults,
            // 4 SetAttribute, 5 SetAttributes: a status. 6 GetHelpString: a
            // Package. Others: the Buffer that came.
            Method (WMDL, 3, Serialized)
            {
                If ((Arg1 >= 1) && (Arg1 <= 5))
                {
                    Return (\_SB.PCI0.NVRM.SYAT (Arg1, Arg0, Arg2))
                }
                If (Arg1 == 6) { Return (Package (2) { 0, "" }) }
                Return (Arg2)
            }
        }

        Device (AMW4)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "WAPW")

            Name (WDGB, Buffer ()
            {
                // 0894B8D6-44A6-4719-97D7-6AD24108BFD4, passwords, WQPW
                0xD6, 0xB8, 0x94, 0x08, 0xA6, 0x44, 0x19, 0x47,
                0x97, 0xD7, 0x6A, 0xD2, 0x41, 0x08, 0xBF, 0xD4,
                0x50, 0x57, 0x00, 0x00,
                // 70FE8229-D03B-4214-A1C6-1F884B1A892A, set password, WMSE
                0x29, 0x82, 0xFE, 0x70, 0x3B, 0xD0, 0x14, 0x42,
                0xA1, 0xC6, 0x1F, 0x88, 0x4B, 0x1A, 0x89, 0x2A,
                0x53, 0x45, 0x01, 0x02
            })

            Method (_WDG, 0, Serialized)
            {
                Local0 = WDGB
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    Local0[18] =
                        \_SB.PCI0.NVRM.R32 (NV_ATTR_RANGES + (ATTR_PASSWORD * 8) + 4) & 0xFF
                }
                Return (Local0)
            }

            // Name, whether it is set, shortest, longest.
            Method (WQPW, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local3 = Package (4) { "", 0, 0, 0 }
                Local0 = \_SB.PCI0.NVRM.ATEN (ATTR_PASSWORD, Arg0)
                If (Local0 == 0) { Return (Local3) }
                Local1 = \_SB.PCI0.NVRM.TX32 (Local0 + ATTR_NAME)
                Local3[0] = Local1
                Local3[1] = \_SB.PCI0.NVRM.PWON (Local1)
                Local3[2] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MIN)
                Local3[3] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MAX)
                Return (Local3)
            }

            // 1: set a password. Others: nothing at all comes back, as on 14
            // real machines; mainline's driver would not survive that, and
            // asks for none of them.
            Method (WMSE, 3, Serialized)
            {
                If (Arg1 == 1) { Return (\_SB.PCI0.NVRM.SYPW (Arg0, Arg2)) }
                Return (\_SB.PCI0.NVRM.VOID ())
            }
        }
    }
}
