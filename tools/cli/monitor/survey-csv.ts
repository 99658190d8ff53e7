import type { Survey } from "@moorage/fleet/monitor"

type CsvRow = [what: string, name: string, measure: string, count: number]

function rowsOf(survey: Survey): CsvRow[] {
    const { groups, individuals, hubs, failures, rate, registered } = survey
    const statuses = (what: string, name: string, counts: Record<string, number>): CsvRow[] =>
        Object.entries(counts).map(([status, n]) => [what, name, status, n])
    return [
        ["all", survey.dps, "registered", registered],
        ...statuses("all", survey.dps, survey.statuses),
        ...groups.flatMap(({ id, isEnabled, registered: n, statuses: counts }): CsvRow[] => [
            ["group", id, "registered", n],
            ["group", id, "enabled", isEnabled ? 1 : 0],
            ...statuses("group", id, counts),
        ]),
        ["individuals", "", "enrollments", individuals.enrollments],
        ["individuals", "", "disabled", individuals.disabled],
        ["individuals", "", "registered", individuals.registered],
        ...statuses("individuals", "", individuals.statuses),
        ...hubs.map(({ hostName, devices }): CsvRow => ["hub", hostName, "devices", devices]),
        ...failures.map(({ errorCode, errorMessage, devices }): CsvRow => [
            "failure",
            `${errorCode ?? ""} ${errorMessage}`.trim(),
            "devices",
            devices,
        ]),
        ...rate.hours.flatMap(({ utc, first, again }): CsvRow[] => [
            ["hour", utc, "first", first],
            ["hour", utc, "again", again],
        ]),
    ]
}

/** Returns a cell, with quotes where RFC 4180 requires them. */
const cell = (value: string | number) =>
    /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value)

/** Returns a survey as CSV with one number per row. */
export function surveyCsv(survey: Survey): string {
    return [["what", "name", "measure", "count"], ...rowsOf(survey)]
        .map(row => row.map(cell).join(","))
        .join("\n")
}
