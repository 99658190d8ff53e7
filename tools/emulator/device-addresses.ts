import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"

/** Where an emulator listens. */
export interface ListenAddress {
    host: string
    mqttPort: number
    httpsPort: number
}

/** Names and ports as a device has them; those of the real services unless given. */
export interface DeviceAddresses {
    dpsHost?: string
    /** MQTT port of DPS and of the hubs. */
    port?: number
    /** HTTPS port of DPS. */
    httpPort?: number
}

/** `name:port` of DPS and the hubs, and where it leads for a device that is to find an emulator there. */
export function deviceRoutes(
    { host, mqttPort, httpsPort }: ListenAddress,
    hubs: string[],
    { dpsHost = GLOBAL_DEVICE_ENDPOINT, port = 8883, httpPort = 443 }: DeviceAddresses = {}
): Record<string, { host: string; port: number }> {
    const mqtt = [dpsHost, ...hubs].map(name => [`${name}:${port}`, { host, port: mqttPort }])
    return { ...Object.fromEntries(mqtt), [`${dpsHost}:${httpPort}`]: { host, port: httpsPort } }
}
