//! Return paths that name the member, with and without the MTA's help.

use crate::postfix::Setup;
use crate::site::{LIST, MEMBERS, Site, message};

/// What stands in the return path of a member's copy.
fn return_path(site: &Site, member: &str) -> String {
    site.postfix.mailbox(member).wait_for_one().header("Return-Path").expect("a return path")
}

/// Transactions by which Postfix got mail of the list.
fn transactions(site: &Site) -> usize {
    site.postfix.count_log(&["postfix/qmgr", "from=<staff-bounces", "nrcpt="])
}

#[test]
fn where_the_mta_offers_xverp_one_transaction_serves_all() {
    let setup = Setup { main_cf: "smtpd_authorized_verp_clients = 127.0.0.1\n", ..Setup::default() };
    let Some(site) = Site::open_with(|_| setup) else { return };
    site.send("anna@members.test", LIST, &message("anna", "Names", "Each by name."));
    for member in MEMBERS {
        let path = return_path(&site, member);
        assert!(path.starts_with("<staff-bounces+p"), "{path}");
        assert!(path.ends_with(&format!("+{member}=members.test@lists.test>")), "{path}");
    }
    assert_eq!(transactions(&site), 1);
}

#[test]
fn without_xverp_a_list_that_wants_verp_costs_one_transaction_a_member() {
    let Some(site) = Site::open() else { return };
    site.daemon.cli_prints(&["list", "set", LIST, "verp=always"]);
    site.send("anna@members.test", LIST, &message("anna", "Names", "Each by name."));
    for member in MEMBERS {
        let path = return_path(&site, member);
        assert!(path.starts_with("<staff-bounces+c"), "{path}");
        assert!(path.ends_with(&format!("+{member}=members.test@lists.test>")), "{path}");
    }
    assert_eq!(transactions(&site), MEMBERS.len());
}
