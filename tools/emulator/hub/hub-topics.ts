// The MQTT topics of IoT Hub (Microsoft, "Communicate with an IoT hub using the MQTT protocol").
import { decodePropertyBag, encodePropertyBag } from "@moorage/protocol"

/** The meaning of a device's PUBLISH (protocol-facts.md, 5.3). */
export type DeviceTopic =
    | { kind: "telemetry"; properties: Record<string, string> }
    | { kind: "methodResponse"; status: number; requestId: string }
    | { kind: "twinGet"; requestId: string }
    | { kind: "twinReported"; requestId: string }

/** The topic filters of a device. The filter of C2D messages may have `+` for the device ID, as in azure-sdk-for-c. */
const FILTERS = [
    /^\$iothub\/methods\/POST\/#$/,
    /^\$iothub\/twin\/res\/#$/,
    /^\$iothub\/twin\/PATCH\/properties\/desired\/#$/,
    /^devices\/[^/]+\/messages\/devicebound\/#$/,
]

/** Returns whether `deviceId` may subscribe to `filter`. */
export function isHubFilter(filter: string, deviceId: string): boolean {
    if (!FILTERS.some(known => known.test(filter))) return false
    const owner = /^devices\/([^/]+)\//.exec(filter)?.[1]
    return owner === undefined || owner === "+" || owner === deviceId
}

/** Returns whether a filter is the filter of cloud-to-device messages. */
export function isDeviceBoundFilter(filter: string): boolean {
    return filter.startsWith("devices/")
}

/** Parses the topic of a device's PUBLISH. Returns undefined for a topic that IoT Hub does not know. */
export function parseDeviceTopic(topic: string, deviceId: string): DeviceTopic | undefined {
    const events = `devices/${deviceId}/messages/events`
    if (topic === events || topic.startsWith(`${events}/`))
        return { kind: "telemetry", properties: decodePropertyBag(topic.slice(events.length + 1)) }
    const method = /^\$iothub\/methods\/res\/(-?\d+)\/\?\$rid=([^&]+)/.exec(topic)
    if (method) return { kind: "methodResponse", status: Number(method[1]), requestId: method[2] }
    const twin = /^\$iothub\/twin\/(GET|PATCH\/properties\/reported)\/\?\$rid=([^&]+)/.exec(topic)
    if (twin) return { kind: twin[1] === "GET" ? "twinGet" : "twinReported", requestId: twin[2] }
    return undefined
}

/** Returns the topic of a direct method request to a device. */
export const methodRequestTopic = (name: string, requestId: string) =>
    `$iothub/methods/POST/${name}/?$rid=${requestId}`
/** Returns the topic of the answer to a twin request. @param version new version of the reported properties */
export const twinResponseTopic = (status: number, requestId: string, version?: number) =>
    `$iothub/twin/res/${status}/?$rid=${requestId}${version === undefined ? "" : `&$version=${version}`}`
/** Returns the topic of a change of desired properties. */
export const desiredTopic = (version: number) => `$iothub/twin/PATCH/properties/desired/?$version=${version}`
/** Returns the topic of a cloud-to-device message. */
export const deviceBoundTopic = (deviceId: string, properties: Record<string, string>) =>
    `devices/${deviceId}/messages/devicebound/${encodePropertyBag(properties)}`
