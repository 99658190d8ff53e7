#!/usr/bin/env bash
# From a CSV file to a moored fleet, without a board or an Azure account: docs/tutorial/journey.sh [FOLDER]
#
# 200 boards of three kinds are planned at a tenth of DPS's documented quota, made into flash images with the plan's
# slots, and those very images are booted in the simulator, each batch powered on when the plan says. Then
# the monitor, through DPS's own API, must agree with the hubs' registries and the run: 200 registered, 0 throttled.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
# Without FOLDER all of it is gone at the end: images and keys are not left behind.
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
fleet=
end() {
    if [ -n "$fleet" ]; then kill "$fleet" 2> /dev/null || true; wait "$fleet" || true; fi
    if [ "$1" = temporary ]; then rm -rf "$folder"; fi
}
life=${1:+kept}
trap 'end "${life:-temporary}"' EXIT
moorage() { node "$root/tools/cli/moorage.mjs" "$@"; }
field() { node -p "const o = JSON.parse(require('fs').readFileSync('$1', 'utf8')); $2"; }

echo "== 1. A fleet file: 200 boards of three kinds"
boards=(moorage_devkitc moorage_c3 moorage_s2)
{
    echo registrationId,profile
    for n in {1..200}; do printf 'board-%03d,%s\n' "$n" "${boards[n % 3]}"; done
} > "$folder/fleet.csv"
(umask 077 && head -c 64 /dev/urandom | base64 -w 0 > "$folder/group.key")

echo "== 2. A roll-out at 100 registrations a minute: a tenth of the fleet first, the rest later"
moorage rollout plan "$folder/fleet.csv" --out "$folder/fleet.rollout.json" --report "$folder/rollout.html" \
    --registrations 100/min --waves 10%,100% --soak 5m

echo "== 3. Flash images, with the plan's slots"
moorage manufacture "$folder/fleet.csv" --out "$folder/flash" --group-key-file "$folder/group.key" --id-scope 0ne00JOURNY

echo "== 4. The images in the simulator; then the fleet lives on"
rm -f "$folder/card.json"
# Not by the function: its shell would be what the signal at the end reaches.
node "$root/tools/cli/moorage.mjs" simulate "$root/docs/tutorial/journey.yaml" --images "$folder/flash" --group-key-file "$folder/group.key" \
    --rollout "$folder/fleet.rollout.json" --report "$folder/run.html" --serve "$folder/card.json" --json \
    > "$folder/run.json" &
fleet=$!
until [ -e "$folder/card.json" ]; do
    kill -0 $fleet 2> /dev/null || exit 1
    sleep 0.2
done

echo "== 5. What DPS and the hubs say"
moorage monitor --profile "$folder/card.json" --json > "$folder/monitor.json"
moorage reprovision --query "SELECT * FROM devices" --profile "$folder/card.json" --dry-run --json > "$folder/registry.json"

registered=$(field "$folder/monitor.json" "o.statuses.assigned")
in_registries=$(field "$folder/registry.json" "o.devices.length")
moored=$(field "$folder/run.json" "o.moored")
throttled=$(field "$folder/run.json" "o.totals.throttled")
violations=$(field "$folder/run.json" "o.violationCount")
echo "$registered registered, $in_registries in the hubs' registries, $moored moored, $throttled throttled, $violations rules broken"
[ "$registered $in_registries $moored $throttled $violations" = "200 200 200 0 0" ]
