/** Up to 128 of letters, digits and `-._:`, the last a letter, a digit or a dash (DPS, "Registration ID"). */
const REGISTRATION_ID = /^[a-z0-9\-._:]{0,127}[a-z0-9-]$/

/** The registration ID in lower case, as DPS compares it, or undefined when it is not one. */
export function registrationIdOf(text: string): string | undefined {
    const id = text.toLowerCase()
    return REGISTRATION_ID.test(id) ? id : undefined
}
