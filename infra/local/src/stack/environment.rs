//! What a function is told by its environment on this machine: Lambda's variables, as its runtime sets
//! them, and our settings.

use std::path::PathBuf;

use tokio::process::Command;

use super::QueueSetup;

/// The issuer of tokens that are accepted.
pub const ISSUER: &str = "sqm-local";

/// The audience that tokens must name.
pub const AUDIENCE: &str = "sqm";

/// What all functions have in common.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    /// The name of the table.
    pub table: String,
    /// Where DynamoDB answers.
    pub database: String,
    /// Where the key lies.
    pub key_file: PathBuf,
    /// Where functions fetch their requests, up to their name.
    pub runtime: String,
    /// The queue of what is to be analysed, where there is one.
    pub queue: Option<QueueSetup>,
}

impl Environment {
    /// Puts it on a function's command. Nothing of the user's own AWS settings gets through: no function
    /// that runs here may reach an account. What the user says of a model does, but for its secret: one on this
    /// machine needs no key.
    pub(super) fn put_on(&self, command: &mut Command, function: &str) {
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let foreign = text.starts_with("AWS_") || text.starts_with("_LAMBDA_");
            if text.starts_with("SQM_MODEL") && text != "SQM_MODEL_SECRET" {
                continue;
            }
            if foreign || text.starts_with("_X_AMZN_") || (text.starts_with("SQM_") && text != "SQM_LOG") {
                command.env_remove(&name);
            }
        }
        command
            .env("AWS_LAMBDA_RUNTIME_API", format!("{}/{function}", self.runtime))
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "local")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", function)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("no_proxy", "127.0.0.1,localhost")
            .env("SQM_TABLE", &self.table)
            .env("SQM_DYNAMODB_ENDPOINT", &self.database)
            // `front` has an edge that keeps workspaces apart.
            .env("SQM_EDGE", "tenants")
            .env("SQM_TOKEN_KEY_FILE", &self.key_file)
            .env("SQM_TOKEN_ISSUER", ISSUER)
            .env("SQM_TOKEN_AUDIENCE", AUDIENCE);
        if let Some(QueueSetup { url, endpoint }) = &self.queue {
            command.env("SQM_QUEUE_URL", url).env("SQM_QUEUE_ENDPOINT", endpoint);
        }
    }
}
