// SPDX-License-Identifier: GPL-2.0

/*
 * Further WMI devices, of which nothing is known but a description in binary
 * MOF: machines with BIOS attributes have 5 to 10 WMI devices. As many as the
 * machine has are compiled: OTHER_1 to OTHER_6. The descriptions are
 * placeholders: the signature, and nothing in it.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "OTHERWMI", 1)
{
    Scope (\_SB)
    {
        // 05901221-D566-11D1-B2F0-00A0C9062910, binary MOF, WQMO
        Name (OWDG, Buffer ()
        {
            0x21, 0x12, 0x90, 0x05, 0x66, 0xD5, 0xD1, 0x11,
            0xB2, 0xF0, 0x00, 0xA0, 0xC9, 0x06, 0x29, 0x10,
            0x4D, 0x4F, 0x01, 0x00
        })
        Name (OMOF, Buffer ()
        {
            0x46, 0x4F, 0x4D, 0x42, 0x01, 0x00, 0x00, 0x00
        })

        #ifdef OTHER_1
        Device (OWM1)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "OTHER1")
            Method (_WDG, 0, NotSerialized) { Return (OWDG) }
            Method (WQMO, 1, NotSerialized) { Return (OMOF) }
        }
        #endif

        #ifdef OTHER_2
        Device (OWM2)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "OTHER2")
            Method (_WDG, 0, NotSerialized) { Return (OWDG) }
            Method (WQMO, 1, NotSerialized) { Return (OMOF) }
        }
        #endif

        #ifdef OTHER_3
        Device (OWM3)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "OTHER3")
            Method (_WDG, 0, NotSerialized) { Return (OWDG) }
            Method (WQMO, 1, NotSerialized) { Return (OMOF) }
        }
        #endif

        #ifdef OTHER_4
        Device (OWM4)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "OTHER4")
            Method (_WDG, 0, NotSerialized) { Return (OWDG) }
            Method (WQMO, 1, NotSerialized) { Return (OMOF) }
        }
        #endif

        #ifdef OTHER_5
        Device (OWM5)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "OTHER5")
            Method (_WDG, 0, NotSerialized) { Return (OWDG) }
            Method (WQMO, 1, NotSerialized) { Return (OMOF) }
        }
        #endif

        #ifdef OTHER_6
        Device (OWM6)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "OTHER6")
            Method (_WDG, 0, NotSerialized) { Return (OWDG) }
            Method (WQMO, 1, NotSerialized) { Return (OMOF) }
        }
        #endif
    }
}
