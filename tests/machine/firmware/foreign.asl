// SPDX-License-Identifier: GPL-2.0

/*
 * A WMI device that has nothing to do with Dell's interfaces and notifies 0xD0
 * as well: 31 of 79 real machines have one, for changes of a Wi-Fi adapter's
 * power. What it answers when it is asked for its event is an Integer.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "FOREIGN", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)

    Scope (\_SB)
    {
        Device (WSAR)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "DSarDev")

            Name (_WDG, Buffer ()
            {
                // A6FEA33E-DABF-46F5-BFC8-460D961BEC9F, event 0xD0
                0x3E, 0xA3, 0xFE, 0xA6, 0xBF, 0xDA, 0xF5, 0x46,
                0xBF, 0xC8, 0x46, 0x0D, 0x96, 0x1B, 0xEC, 0x9F,
                0xD0, 0x00, 0x01, 0x08
            })

            Method (_WED, 1, Serialized)
            {
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    \_SB.PCI0.NVRM.W32 (NV_FOREIGN_ASKED,
                        \_SB.PCI0.NVRM.R32 (NV_FOREIGN_ASKED) + 1)
                }
                Return (One)
            }
        }
    }
}
