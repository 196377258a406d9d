//! How the Kafka brokers are spoken to: in the open, through TLS, as a user.

use std::{fmt, path::PathBuf};

use clap::Args;

use super::certificates;

/// How a user can be proved.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// How the brokers are spoken to.
#[derive(Debug, Clone, Default, Args)]
pub struct KafkaArgs {
    /// How the brokers are spoken to: `PLAINTEXT` (the default), `SSL`, `SASL_PLAINTEXT` or
    /// `SASL_SSL`. This and the other Kafka settings need a foaf built with `--features kafka-tls`.
    #[arg(long, env = "FOAF_KAFKA_SECURITY_PROTOCOL", value_name = "PROTOCOL")]
    pub kafka_security_protocol: Option<String>,

    /// How the user is proved: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    #[arg(long, env = "FOAF_KAFKA_SASL_MECHANISM", value_name = "MECHANISM")]
    pub kafka_sasl_mechanism: Option<String>,

    /// The user's name.
    #[arg(long, env = "FOAF_KAFKA_SASL_USERNAME", value_name = "NAME")]
    pub kafka_sasl_username: Option<String>,

    /// The user's password.
    #[arg(
        long,
        env = "FOAF_KAFKA_SASL_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub kafka_sasl_password: Option<String>,

    /// The authorities that may have signed the brokers' certificates, as a PEM file; the system's if
    /// left out.
    #[arg(long, env = "FOAF_KAFKA_CA_FILE", value_name = "FILE")]
    pub kafka_ca_file: Option<String>,
}

/// How the brokers are spoken to; the default is in the open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KafkaSecurity {
    /// Through TLS, with the brokers' certificates checked.
    pub tls: bool,
    /// The authorities; the system's if absent.
    pub ca_file: Option<PathBuf>,
    /// As whom; nobody if absent.
    pub sasl: Option<Sasl>,
}

/// A user and how it is proved.
#[derive(Clone, PartialEq, Eq)]
pub struct Sasl {
    /// PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    pub mechanism: String,
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: String,
}

impl fmt::Debug for Sasl {
    /// Without the password: settings are logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:***", self.mechanism, self.username)
    }
}

impl KafkaArgs {
    /// The settings, or every fault, each beginning with its flag.
    pub(crate) fn parse(&self) -> Result<KafkaSecurity, Vec<String>> {
        if !cfg!(feature = "kafka-tls") {
            let given = self.given().map(|(flag, _)| {
                format!(
                    "{flag}: this foaf was built without TLS and SASL for Kafka; build it with --features kafka-tls"
                )
            });
            let faults: Vec<_> = given.collect();
            return if faults.is_empty() {
                Ok(KafkaSecurity::default())
            } else {
                Err(faults)
            };
        }
        let mut faults = Vec::new();
        let protocol = self.kafka_security_protocol.as_deref();
        let (tls, as_user) = match protocol.unwrap_or("PLAINTEXT") {
            "PLAINTEXT" => (false, false),
            "SSL" => (true, false),
            "SASL_PLAINTEXT" => (false, true),
            "SASL_SSL" => (true, true),
            other => {
                return Err(vec![format!(
                    "--kafka-security-protocol: {other:?} is unknown; use PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
                )]);
            }
        };
        for (flag, _) in self.given() {
            if flag.contains("-sasl-") && !as_user {
                faults.push(format!(
                    "{flag}: needs --kafka-security-protocol SASL_SSL or SASL_PLAINTEXT"
                ));
            }
            if flag == "--kafka-ca-file" && !tls {
                faults.push(format!(
                    "{flag}: needs --kafka-security-protocol SSL or SASL_SSL"
                ));
            }
        }
        let ca_file = self.kafka_ca_file.as_deref().and_then(|path| {
            let file = certificates(path);
            file.map_err(|fault| faults.push(format!("--kafka-ca-file: {fault}")))
                .ok()
        });
        let sasl = as_user.then(|| self.sasl(&mut faults));
        if faults.is_empty() {
            return Ok(KafkaSecurity { tls, ca_file, sasl });
        }
        Err(faults)
    }

    fn sasl(&self, faults: &mut Vec<String>) -> Sasl {
        let mut wanted = |flag: &str, value: &Option<String>| {
            if value.is_none() {
                faults.push(format!("{flag}: is missing; SASL needs it"));
            }
            value.clone().unwrap_or_default()
        };
        let sasl = Sasl {
            mechanism: wanted("--kafka-sasl-mechanism", &self.kafka_sasl_mechanism),
            username: wanted("--kafka-sasl-username", &self.kafka_sasl_username),
            password: wanted("--kafka-sasl-password", &self.kafka_sasl_password),
        };
        let mechanism = sasl.mechanism.as_str();
        if !mechanism.is_empty() && !MECHANISMS.contains(&mechanism) {
            faults.push(format!(
                "--kafka-sasl-mechanism: {mechanism:?} is unknown; use {}",
                MECHANISMS.join(", ")
            ));
        }
        sasl
    }

    /// The flags that are set.
    fn given(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let all = [
            ("--kafka-security-protocol", &self.kafka_security_protocol),
            ("--kafka-sasl-mechanism", &self.kafka_sasl_mechanism),
            ("--kafka-sasl-username", &self.kafka_sasl_username),
            ("--kafka-sasl-password", &self.kafka_sasl_password),
            ("--kafka-ca-file", &self.kafka_ca_file),
        ];
        all.into_iter()
            .filter_map(|(flag, value)| Some((flag, value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        kafka: KafkaArgs,
    }

    fn parse(arguments: &str) -> Result<KafkaSecurity, Vec<String>> {
        let arguments = arguments.split_whitespace();
        let program = Program::parse_from(std::iter::once("foaf").chain(arguments));
        program.kafka.parse()
    }

    #[test]
    fn nothing_set_is_in_the_open() {
        assert_eq!(parse(""), Ok(KafkaSecurity::default()));
    }

    #[cfg(not(feature = "kafka-tls"))]
    #[test]
    fn without_the_feature_each_setting_names_it() {
        let arguments = "--kafka-security-protocol SASL_SSL --kafka-sasl-password secret";
        let faults = parse(arguments).expect_err("two");
        assert_eq!(faults.len(), 2);
        assert!(faults[0].starts_with("--kafka-security-protocol: "));
        for fault in &faults {
            assert!(fault.contains("--features kafka-tls"), "{fault}");
            assert!(!fault.contains("secret"), "{fault}");
        }
    }

    #[cfg(feature = "kafka-tls")]
    #[test]
    fn a_user_needs_a_mechanism_a_name_and_a_password() {
        let user = "--kafka-security-protocol SASL_PLAINTEXT";
        let arguments = format!("{user} --kafka-sasl-mechanism MAGIC --kafka-ca-file none.pem");
        let faults = parse(&arguments).expect_err("several").join("\n");
        for part in [
            "--kafka-sasl-username: is missing",
            "--kafka-sasl-password: is missing",
            "--kafka-sasl-mechanism: \"MAGIC\"",
            "--kafka-ca-file: needs",
            "none.pem cannot be read",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
        let who =
            "--kafka-sasl-mechanism PLAIN --kafka-sasl-username ann --kafka-sasl-password secret";
        let security = parse(&format!("{user} {who}")).expect("right");
        assert!(!security.tls && !format!("{security:?}").contains("secret"));
        assert_eq!(parse(who).expect_err("no SASL").len(), 3);
    }
}
