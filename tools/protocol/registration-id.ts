/** Up to 128 of letters, digits and `-._:`, the last a letter, a digit or a dash (DPS, "Registration ID"). */
const REGISTRATION_ID = /^[A-Za-z0-9\-._:]{0,127}[A-Za-z0-9-]$/

/** The registration ID in lower case, as DPS compares it, or undefined when it is not one. */
export function parseRegistrationId(text: string): string | undefined {
    // Before it is lowered: the Kelvin sign has an ASCII letter for its lower case.
    return REGISTRATION_ID.test(text) ? text.toLowerCase() : undefined
}
