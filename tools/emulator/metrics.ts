import { createServer, type Server } from "node:http"
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client"
import type { Cloud } from "./cloud.js"
import type { CloudEvent } from "./cloud-events.js"

/** Returns the metrics of a cloud for Prometheus. */
export function createMetrics(cloud: Cloud): Registry {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
        new Counter({ name: `moorage_${name}_total`, help, labelNames, registers: [registry] })
    const dps = counter("dps_requests", "Calls of the DPS device API, by status", ["call", "status"])
    const connacks = counter("connacks", "CONNACK packets, by service and return code", ["service", "code"])
    const http = counter("http_requests", "HTTP requests, by service and status", ["service", "status"])
    const traffic = counter("hub_messages", "Messages of a hub, by kind", ["hub", "kind"])
    new Gauge({
        name: "moorage_hub_connected_devices",
        help: "Connected devices",
        labelNames: ["hub"],
        registers: [registry],
        collect() {
            for (const name of cloud.hubNames()) {
                const hub = cloud.hub(name)
                const connected = hub.deviceIds().filter(id => hub.device(id)?.session).length
                this.set({ hub: name }, connected)
            }
        },
    })
    new Gauge({
        name: "moorage_dps_registrations",
        help: "Registration records",
        registers: [registry],
        collect() {
            this.set(cloud.dps.registrationCount)
        },
    })
    cloud.onEvent(({ kind, service, status }: CloudEvent) => {
        switch (kind) {
            case "register":
            case "poll":
            case "lookup":
                dps.inc({ call: kind, status })
                break
            case "connack":
                connacks.inc({ service, code: status })
                break
            case "http":
                http.inc({ service, status })
                break
            case "telemetry":
            case "c2d":
            case "method":
            case "methodResponse":
            case "twin":
                traffic.inc({ hub: service, kind })
                break
            case "disconnect":
                break
        }
    })
    return registry
}

/** Returns a server for `/metrics`. */
export function metricsServer(registry: Registry): Server {
    return createServer((request, response) => {
        if (request.url !== "/metrics") {
            response.writeHead(404).end("Not found. The metrics are at /metrics.\n")
            return
        }
        registry.metrics().then(
            text => response.writeHead(200, { "Content-Type": registry.contentType }).end(text),
            () => response.destroy()
        )
    })
}
