/**
 * Where the documents and reports about the real services differ, or say nothing (facts 10): what the emulator
 * does is a choice, and the other choice can be had.
 */
export interface Quirks {
    /** A wrong key at DPS: CONNECT is taken and REGISTER answered 401, or CONNACK 5. */
    wrongDpsKey: "register401" | "connack5"
    /** Status lookup of a registration ID that never registered: 404, or 200 with `null`. */
    lookupUnknown: 404 | "null"
    /** The limit that a status lookup counts against. */
    lookupQuota: "operations" | "registrations"
    /** A PUBLISH of QoS 2: the connection is closed, or it is answered with PUBACK. */
    qos2Publish: "close" | "puback"
    /** A PUBLISH to a topic that the service does not know: the connection is closed, or nothing happens. */
    unknownTopic: "close" | "ignore"
    /** How a hub passes on RETAIN: the name of the property. */
    retainProperty: "mqtt-retain" | "x-opt-retain"
    /** What DPS caps the keep alive at, in seconds of silence; null for no cap. IoT Hub has 1767. */
    dpsSilenceMaxSec: number | null
}

/** What is documented, where it is; the likelier otherwise. */
export const DEFAULT_QUIRKS: Quirks = {
    wrongDpsKey: "register401",
    lookupUnknown: 404,
    lookupQuota: "operations",
    qos2Publish: "close",
    unknownTopic: "close",
    retainProperty: "mqtt-retain",
    dpsSilenceMaxSec: 1767,
}
