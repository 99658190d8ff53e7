import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"

/** The address of an emulator. */
export interface ListenAddress {
    host: string
    mqttPort: number
    httpsPort: number
}

/** The names and ports that a device is configured with. The defaults are those of the real services. */
export interface DeviceAddresses {
    dpsHost?: string
    /** MQTT port of DPS and of the hubs (default: 8883). */
    port?: number
    /** HTTPS port of DPS (default: 443). */
    httpPort?: number
}

/** Returns, for `name:port` of DPS and of each hub, the address of the emulator that answers for it. */
export function deviceRoutes(
    { host, mqttPort, httpsPort }: ListenAddress,
    hubs: string[],
    { dpsHost = GLOBAL_DEVICE_ENDPOINT, port = 8883, httpPort = 443 }: DeviceAddresses = {}
): Record<string, { host: string; port: number }> {
    const mqtt = [dpsHost, ...hubs].map(name => [`${name}:${port}`, { host, port: mqttPort }])
    return { ...Object.fromEntries(mqtt), [`${dpsHost}:${httpPort}`]: { host, port: httpsPort } }
}
