use anyhow::Result;
use rhyton::backends::{BackendReport, report};
use serde_json::{Value, json};

use super::{Command, Context, Run};

pub(super) const COMMAND: Command = Command::of::<Backends>("backends");

/// Lists the engines of this build, and how to enable those that are not there
#[derive(Debug, clap::Args)]
struct Backends {
    /// Print JSON: name, available, version, devices, reason, enable
    #[arg(long)]
    json: bool,
}

impl Run for Backends {
    fn run(self, cx: &Context) -> Result<()> {
        let reports = report(&cx.settings);
        if self.json {
            return cx.output.json(&reports.iter().map(entry).collect());
        }
        let chosen = cx.settings.backend.split(':').next().unwrap_or_default();
        let texts = reports.iter().map(|report| describe(report, report.name == chosen));
        cx.output.text(&texts.collect::<String>())
    }
}

fn entry(report: &BackendReport) -> Value {
    let devices = report.devices.iter();
    let devices: Vec<Value> = devices
        .map(|device| json!({"name": device.name, "description": device.description}))
        .collect();
    json!({
        "name": report.name,
        "available": report.available,
        "version": report.version,
        "devices": devices,
        "reason": report.reason,
        "enable": report.enable,
    })
}

/// A line for the backend and one for each device, or for why there is none.
fn describe(report: &BackendReport, chosen: bool) -> String {
    let mark = if chosen { "*" } else { " " };
    let state = match &report.version {
        Some(version) => version.as_str(),
        None => "not available",
    };
    let mut text = format!("{mark} {:<12} {state}\n", report.name);
    let devices = report.devices.iter();
    text.extend(devices.map(|device| format!("    {}: {}\n", device.name, device.description)));
    let lines = report.reason.iter().chain(&report.enable).flat_map(|text| text.lines());
    let lines = lines.filter(|line| !line.trim().is_empty());
    text.extend(lines.map(|line| format!("    {}\n", line.trim_end())));
    text
}
