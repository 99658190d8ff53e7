// Microsoft's service clients, connected to the emulator. They have no option for a port or a CA. An agent with
// both options sends their requests to this machine, and the Host header still names the service.
import { request } from "node:https"
import type { RestApiClient } from "azure-iot-http-base"
import { ProvisioningServiceClient } from "azure-iot-provisioning-service"
import { Client, Registry } from "azure-iothub"
import { makeSasToken } from "@moorage/protocol"
import { agentOf, type RunningCloud } from "./sdk.js"

export const DPS_HOST = "moorage.azure-devices-provisioning.net"

/** The private part of the clients that sends requests. It is the only way to set an agent. */
type Sender = { _restApiClient: Pick<RestApiClient, "setOptions"> }

function redirect<T>(client: T, running: RunningCloud): T {
    const options = { http: { agent: agentOf(running) } }
    ;(client as unknown as Sender)._restApiClient.setOptions(options as never)
    return client
}

/** Returns Microsoft's client of the DPS service API. @param text connection string (default: the owner's policy) */
export function provisioningService(
    running: RunningCloud,
    text = running.cloud.dpsAccess.connectionString(DPS_HOST)
): ProvisioningServiceClient {
    return redirect(ProvisioningServiceClient.fromConnectionString(text), running)
}

/** Returns Microsoft's client of the device registry of a hub. @param keyName name of the shared access policy */
export function registryOf(running: RunningCloud, hub: string, keyName = "iothubowner"): Registry {
    return redirect(
        Registry.fromConnectionString(running.cloud.hubAccess(hub).connectionString(hub, keyName)),
        running
    )
}

/** Returns Microsoft's client for messages and methods of a hub. */
export function hubService(running: RunningCloud, hub: string): Client {
    return redirect(Client.fromConnectionString(running.cloud.hubAccess(hub).connectionString(hub)), running)
}

/**
 * Sends a cloud-to-device message over REST. The SDK supports only AMQP.
 * @param headers further headers: `iothub-app-{name}` for a property, `iothub-messageid` and others
 * @returns the status
 */
export function sendToDevice(
    running: RunningCloud,
    hub: string,
    deviceId: string,
    body: Uint8Array | string,
    headers: Record<string, string> = {}
): Promise<number | undefined> {
    const [policy] = running.cloud.hubAccess(hub).policies
    const expirySec = Math.floor(running.cloud.clock.nowMs() / 1000) + 600
    const options = {
        agent: agentOf(running),
        host: hub,
        method: "POST",
        path: "/messages/devicebound?api-version=2021-04-12",
        headers: {
            Authorization: makeSasToken(policy.primaryKey, hub, expirySec, policy.keyName),
            "iothub-to": `/devices/${deviceId}/messages/devicebound`,
            "Content-Length": Buffer.byteLength(body),
            ...headers,
        },
    }
    return new Promise((resolve, reject) => {
        const sent = request(options, response => {
            response.resume()
            resolve(response.statusCode)
        })
        sent.on("error", reject)
        sent.end(body)
    })
}
