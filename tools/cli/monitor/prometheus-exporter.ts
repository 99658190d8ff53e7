// What the monitor found, for Prometheus.
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Survey } from "@moorage/fleet/monitor"
import { Gauge, Registry } from "prom-client"
import { FAILED, UserError } from "../user-error.js"

const LOCALHOST = "127.0.0.1"

/** The gauges of one DPS; nothing but `moorage_monitor_up` is there before the first survey. */
export class Exporter {
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
        failures: this.gauge("moorage_dps_failures", "Registrations that failed", ["code"]),
        lastHour: this.gauge(
            "moorage_dps_registrations_this_hour",
            "Registrations since the hour began, about",
            ["kind"]
        ),
        calls: this.gauge("moorage_monitor_calls", "Calls to DPS of the last survey", ["result"]),
        tookSec: this.gauge("moorage_monitor_survey_seconds", "How long the last survey took", []),
        atSec: this.gauge("moorage_monitor_survey_timestamp_seconds", "When the last survey began", []),
        up: this.gauge("moorage_monitor_up", "Whether the last survey succeeded", []),
    }

    constructor() {
        this.gauges.up.set(0)
    }

    /** Shows a survey in place of the one before. */
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

    /** The last survey failed: what it would have changed stays as it was. */
    failed(): void {
        this.gauges.up.set(0)
    }

    /** Serves `/metrics` on this machine only; 0 takes any free port. @throws UserError when the port cannot be had */
    listen(port: number): Promise<{ url: string; server: Server }> {
        const server = createServer((request, response) => {
            if (request.url !== "/metrics") {
                response.writeHead(404).end("Metrics are under /metrics.\n")
                return
            }
            void this.registry.metrics().then(text => {
                response.writeHead(200, { "Content-Type": this.registry.contentType }).end(text)
            })
        })
        return new Promise((resolve, reject) => {
            server.once("error", error =>
                reject(
                    new UserError(`Cannot serve metrics on ${LOCALHOST}:${port}: ${error.message}.`, FAILED, {
                        cause: error,
                    })
                )
            )
            server.listen(port, LOCALHOST, () => {
                const { port: had } = server.address() as AddressInfo
                resolve({ url: `http://${LOCALHOST}:${had}/metrics`, server })
            })
        })
    }

    private gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
        return new Gauge({ name, help, labelNames, registers: [this.registry] })
    }
}
