// Serves the result of the last survey as Prometheus metrics.
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { MoorageError } from "@moorage/errors"
import type { Survey } from "@moorage/fleet/monitor"
import { Gauge, Registry } from "prom-client"

const LOCALHOST = "127.0.0.1"

/** Gauges of one DPS. Before the first survey only `moorage_monitor_up` has a value. */
export class PrometheusExporter {
    private readonly registry = new Registry()
    private readonly gauges = {
        registered: this.gauge("moorage_dps_registered", "Registrations of an enrollment group", [
            "group",
            "status",
        ]),
        enabled: this.gauge("moorage_dps_group_enabled", "Whether the enrollment group is enabled", [
            "group",
        ]),
        individuals: this.gauge("moorage_dps_individual_enrollments", "Individual enrollments", ["state"]),
        individualsRegistered: this.gauge(
            "moorage_dps_individuals_registered",
            "Registrations of individual enrollments",
            ["status"]
        ),
        hubs: this.gauge("moorage_dps_hub_devices", "Devices assigned to a hub", ["hub"]),
        failures: this.gauge("moorage_dps_failures", "Failed registrations", ["code"]),
        lastHour: this.gauge(
            "moorage_dps_registrations_this_hour",
            "Registrations in the current hour (approximate)",
            ["kind"]
        ),
        calls: this.gauge("moorage_monitor_calls", "Calls to DPS in the last survey", ["result"]),
        tookSec: this.gauge("moorage_monitor_survey_seconds", "Duration of the last survey", []),
        atSec: this.gauge("moorage_monitor_survey_timestamp_seconds", "Start of the last survey", []),
        up: this.gauge("moorage_monitor_up", "Whether the last survey succeeded", []),
    }

    constructor() {
        this.gauges.up.set(0)
    }

    /** Replaces the metrics with the result of a survey. */
    show(survey: Survey): void {
        const { groups, individuals, hubs, failures, rate } = survey
        this.registry.resetMetrics()
        const { gauges } = this
        for (const { id, isEnabled, statuses } of groups) {
            gauges.enabled.set({ group: id }, isEnabled ? 1 : 0)
            for (const [status, n] of Object.entries(statuses))
                gauges.registered.set({ group: id, status }, n)
        }
        gauges.individuals.set({ state: "disabled" }, individuals.disabled)
        gauges.individuals.set({ state: "enabled" }, individuals.enrollments - individuals.disabled)
        for (const [status, n] of Object.entries(individuals.statuses))
            gauges.individualsRegistered.set({ status }, n)
        for (const { hostName, devices } of hubs) gauges.hubs.set({ hub: hostName }, devices)
        for (const { errorCode, devices } of failures)
            gauges.failures.inc({ code: String(errorCode ?? "none") }, devices)
        const { first = 0, again = 0 } = rate.hours.at(-1) ?? {}
        gauges.lastHour.set({ kind: "first" }, first)
        gauges.lastHour.set({ kind: "again" }, again)
        gauges.calls.set({ result: "throttled" }, survey.throttled)
        gauges.calls.set({ result: "done" }, survey.calls - survey.throttled)
        gauges.tookSec.set(survey.tookSec)
        gauges.atSec.set(Date.parse(survey.utc) / 1000)
        gauges.up.set(1)
    }

    /** Marks the last survey as failed; the other metrics keep their values. */
    markFailed(): void {
        this.gauges.up.set(0)
    }

    /** Serves `/metrics` on this machine only; port 0 selects any free port. @throws MoorageError PORT_UNAVAILABLE */
    listen(port: number): Promise<{ url: string; server: Server }> {
        const server = createServer((request, response) => {
            if (request.url !== "/metrics") {
                response.writeHead(404).end("The metrics are at /metrics.\n")
                return
            }
            void this.registry.metrics().then(text => {
                response.writeHead(200, { "Content-Type": this.registry.contentType }).end(text)
            })
        })
        return new Promise((resolve, reject) => {
            server.once("error", error =>
                reject(
                    new MoorageError(
                        "PORT_UNAVAILABLE",
                        `Cannot serve metrics on ${LOCALHOST}:${port}: ${error.message}.`,
                        { cause: error }
                    )
                )
            )
            server.listen(port, LOCALHOST, () => {
                const { port: actualPort } = server.address() as AddressInfo
                resolve({ url: `http://${LOCALHOST}:${actualPort}/metrics`, server })
            })
        })
    }

    private gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
        return new Gauge({ name, help, labelNames, registers: [this.registry] })
    }
}
