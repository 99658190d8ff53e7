/**
 * Behaviour of the real services that is unknown, because documents and reports differ or say nothing
 * (protocol-facts.md, 10). Each option selects one of the possible behaviours.
 */
export interface Quirks {
    /** Wrong key at DPS: CONNECT is accepted and REGISTER gets 401, or CONNECT gets CONNACK 5. */
    wrongDpsKey: "register401" | "connack5"
    /** Status lookup of a registration ID without a registration: 404, or 200 with `null`. */
    lookupUnknown: 404 | "null"
    /** The quota that a status lookup counts against. */
    lookupQuota: "operations" | "registrations"
    /** PUBLISH at QoS 2: the service closes the connection, or it sends PUBACK. */
    qos2Publish: "close" | "puback"
    /** PUBLISH to an unknown topic: the service closes the connection, or it ignores the packet. */
    unknownTopic: "close" | "ignore"
    /** The name of the property in which a hub passes on the RETAIN flag. */
    retainProperty: "mqtt-retain" | "x-opt-retain"
    /** The longest silence that DPS permits, whatever the keep alive. Null is no limit. IoT Hub permits 1767 s. */
    dpsSilenceMaxSec: number | null
}

/** The documented behaviour where a document exists, else the more likely behaviour. */
export const DEFAULT_QUIRKS: Quirks = {
    wrongDpsKey: "register401",
    lookupUnknown: 404,
    lookupQuota: "operations",
    qos2Publish: "close",
    unknownTopic: "close",
    retainProperty: "mqtt-retain",
    dpsSilenceMaxSec: 1767,
}
