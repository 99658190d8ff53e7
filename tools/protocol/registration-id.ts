/**
 * 1 to 128 letters, digits and `-._:`. The last character is a letter, a digit or a dash (Microsoft, "Azure IoT Hub DPS
 * terminology", Registration ID).
 */
const REGISTRATION_ID = /^[A-Za-z0-9\-._:]{0,127}[A-Za-z0-9-]$/

/** Returns the registration ID in lower case, as DPS compares it, or undefined if `text` is not a registration ID. */
export function parseRegistrationId(text: string): string | undefined {
    // The test comes before the conversion: the lower case of the Kelvin sign is an ASCII letter.
    return REGISTRATION_ID.test(text) ? text.toLowerCase() : undefined
}
