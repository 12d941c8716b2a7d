//! The words of mail systems, as data: alternatives between `|`, in lower case, with single spaces. `*` stands for up to 60
//! octets of anything.
//!
//! They are long strings and no regular expressions: what mail systems write varies in words, not in form, and plain
//! comparison needs neither a crate nor a start-up cost.

use super::fault::Class;

/// What says clearly why mail was refused. The first group with a match decides, so that what is told apart with certainty
/// stands before what many replies mention. The group without a class is about hosts that are not found: such an address is
/// dead, unless the fault is temporary.
pub const CLEAR: &[(Option<Class>, &str)] = &[
    (
        Some(Class::Rate),
        "\
         too many emails|too many mails|rate limit|ratelimit|rate-limit|limit rate|too many connections|\
         too many sessions|too many concurrent|too many smtp sessions|throttl|too fast|receiving mail at a rate|\
         receiving mail too quickly|unusual rate|excessive * rate|sending rate|connection rate|connection limit|\
         max rcpts per|message rate|maximum connections|exceeded the maximum number of connections|\
         number of messages per|messages per hour|per-minute|daily sending quota|daily user sending|\
         exceeded the limit of sending|has sent a lot|is deferred due to|greylist|graylist|grey-list|\
         too many messages sent|too many messages from|too many messages per|too many messages in a|\
         too many messages, slow|temporarily deferred due to|slow down",
    ),
    (
        Some(Class::Full),
        "\
         mailbox full|mailbox is full|mailbox * is full|mailbox has exceeded|mailbox exceeded|mailbox exceeds|\
         mailbox size limit|mailbox is over|mailbox over|mailbox would exceed|mailbox quota|full mailbox|\
         over quota|overquota|over-quota|over the quota|over his quota|over their quota|over its quota|\
         out of quota|quota exceed|quota has been exceeded|exceeded * quota|exceeds * quota|exceed * quota|\
         exceeding * quota|quota violation|quota is exhausted|quota usage|disk quota|disc quota|diskspace quota|\
         overdrawn|quotaexceeded|storage quota|storage allocation|exceeded storage|exceeded its storage|\
         allowed storage|out of storage|allowed quota|storage limit|space has been used up|disk space limit|\
         account is full|inbox is full|inbox * is full|mailfolder is full|mail folder is full|\
         too many messages on the server|does not have enough space|not enough space in|not enough storage space|\
         maximum mailbox size|mailbox is too large|mail file size exceeds|user is over|boite * pleine|\
         boîte * pleine|boîte aux lettres est pleine|quota dépassé|postfach * voll|postfach ist voll|\
         mailbox ist voll|mailbox * voll|speicherplatz|casella * piena|buzón * lleno|buzon * lleno|cuota excedida|\
         caixa * cheia|caixa postal cheia|ящик переполнен|переполнен|queue file write error: quota|5.2.2|\
         too much mail data|容量|メールボックスが一杯",
    ),
    (
        Some(Class::Authentication),
        "\
         sender policy framework|spf check|spf fail|spf record|spf validation|spf policy|spf error|spf hard|\
         spf soft|(spf)|spf=fail|by spf|spf does not|not pass spf|passed spf|due to spf|dkim|dmarc|domainkeys|\
         unauthenticated email|unauthenticated mail|email is unauthenticated|requires all senders to authenticate|\
         authentication checks|email authentication|must authenticate with|sender id (pra)|openspf",
    ),
    (
        Some(Class::Policy),
        "\
         sender address|sender domain|sender verif|sender rejected|sender denied|sender blocked|sender unknown|\
         unknown sender|invalid sender|bad sender|sender is not|sender not|sender is unknown|sender host|\
         domain of sender|domain of the sender|sender's domain|sending domain|envelope sender|envelope from|\
         mail from * rejected|mail from * not|from address|from domain|return path|not accepting mail from|\
         not accept mail from|cannot find your|cannot resolve your|your hostname|your host name|reverse dns|\
         reverse hostname|reverse lookup|rdns|ptr record|no ptr|fcrdns|helo|ehlo|blocked by the recipient|\
         blocked by recipient",
    ),
    (
        None,
        "\
         host unknown|unknown host|host not found|unknown domain|domain unknown|domain not found|no such domain|\
         no such host|domain does not|domain doesn't|domain name not found|couldn't find any host|\
         could not find any host|unrouteable mail domain|unroutable mail domain|\
         all relevant mx records point to non-existent hosts|nxdomain|invalid domain|bad destination host|\
         bad destination system|host name lookup|non-existent domain|domain is not reachable|dns error|dns lookup|\
         name or service not known|no mx|mx lookup|domain * not be found|bad domain|no dns information|\
         unresolvable|cannot resolve|could not resolve|unable to resolve|can't find the domain|no valid hosts|\
         no a record|hostnotfound|name server|nameserver|name service error|illegal host/domain|unbekannte domain|\
         domain isn't",
    ),
    (
        Some(Class::Dead),
        "\
         user unknown|unknown user|unknown recipient|recipient unknown|unknown local|unknown address|\
         address unknown|unknown account|account unknown|unknown mailbox|mailbox unknown|unknown e-mail|\
         unknown email|unknown virtual|unknown or illegal|unknown alias|is unknown at|no such user|\
         no such recipient|no such mailbox|no such address|no such account|no such person|no such local|\
         no such alias|no such id|no such email|no such e-mail|no mailbox|no mail box|no account|no user|\
         no local mailbox|there is no one at this|no one here by|nobody by that name|user not found|\
         user * not found|recipient not found|receiver not found|recipient * not found|account not found|\
         mailbox not found|mailbox * not found|address not found|not found in|couldn't find any mailbox|\
         does not exist|doesn't exist|does not exists|doesnt exist|not exist|no longer exist|non-existent|\
         nonexistent|non existent|user doesn't have|user does not have|does not have an account|doesn't have a|\
         not a known user|not a valid mailbox|not a valid user|not a valid address|not a valid recipient|\
         not a local address|not our customer|not a user|not have a mailbox|invalid recipient|invalid mailbox|\
         invalid user|invalid address|invalid rcpt|invalid email|invalid e-mail|invalid local|invalid destination|\
         address invalid|address is invalid|address is not valid|recipient invalid|user invalid|bad recipient|\
         bad destination|bad address|badrcptto|bad rcpt|mailbox unavailable|mailbox is unavailable|\
         mailbox not available|mailbox * unavailable|user unavailable|account unavailable|account is unavailable|\
         recipient unavailable|mailbox disabled|mailbox is disabled|account disabled|account is disabled|\
         account has been disabled|account * disabled|user disabled|address disabled|mailbox * disabled|\
         user is disabled|recipient is disabled|disabled or discontinued|discontinued|\
         account * suspended|user * suspended|mailbox * suspended|\
         user suspended|account suspended|mailbox suspended|suspended account|been suspended|deactivated|\
         inactive|not active|is not an active|isn't active|expired account|account expired|account has expired|\
         account is closed|account closed|mailbox closed|account * closed|closed account|account has been locked|\
         mailbox is frozen|mailbox is locked|mailbox locked|is locked email|has been replaced by|has moved|\
         no longer valid|no longer available|no longer active|no longer in use|no longer accept|no longer with|\
         no longer on server|no longer employed|no longer works|no longer a valid|not accepting messages|\
         not accepting any|not in directory|not present in directory|not listed in|not listed in domino|\
         not unique|final email delivery point|final delivery userid|no matches to nameserver query|user lookup|\
         recipnotfound|recipientnotfound|recipient notfound|addrfail|recipient address rejected: access denied|\
         recipient address has null mx|null mx|recipient verification|address verification|address does not|\
         undeliverable address|recipient rejected|server rejected recipients|rcpt to * rejected|\
         recipient name is not recognized|isn't in my list of allowed|not in my validrcptto|\
         envelope recipient has been denied|mailbox missing|missing home directory|unroutable address|\
         unrouteable address|not in list|e-mail account does not|email address could not be found|wasn't found|\
         was not found at|address error|empfänger unbekannt|empfaenger unbekannt|unbekannt|existiert nicht|\
         nicht gefunden|nicht bekannt|inconnu|n'existe pas|introuvable|no existe|não existe|nao existe|\
         inesistente|nessun utente|nie istnieje|не существует|не найден|нет такого|пользователь не|неизвестн|\
         存在しません|存在しない|見つかりません|不存在|name is not recognized|address is not recognized|recipient not recognized|\
         user not recognized|account terminated|been terminated|account * deleted|mailbox * deleted|\
         user * deleted|address * deleted|deleted account|deleted user|recipient * not valid|address * not valid|\
         user * not valid|mailbox * not valid|recipients are not a valid|not accepting mail for|\
         not accepting mail at this|account that you tried to reach",
    ),
    (
        Some(Class::Spam),
        "\
         spam|blacklist|black list|block list|blocklist|blocked using|blocked by|dnsbl| rbl|rbl.|uribl|surbl|\
         spamhaus|spamcop| sorbs|sorbs.net|reputation|unsolicited|bulk mail|bulk email|bulk e-mail|mass mail|junk|\
         (ube)| ube,| uce|suspicious|poor reputation|listed in|listed at|listed by|bayes|phish|barracuda|\
         cloudmark|senderbase|bad reputation|unwanted|complaints|csi.cloudmark|abusix|in the blocklist",
    ),
    (
        Some(Class::Content),
        "\
         message size|message too large|message is too large|message too big|message exceeds|message length|\
         exceeds size|size exceeds|size limit|too large|too big|maximum size|maximum message|attachment|infected|\
         malware|banned file|banned content|banned contents|content filter|content restriction|line too long|8bit|\
         bare lf|bare linefeed|bare newline|too many hops|hop count|mail loop|loops back|message looping|\
         loop detected|routing loop|malformed|header error|rfc 5322|rfc 2822|rfc5322|rfc2822|invalid header|\
         missing header|smtputf8|content rejected|content was rejected|message content|content denied|conversion|\
         contains a virus|contains virus|virus detected|virus found|virus infected|a virus|is a virus|\
         found a virus|viral|message looks like a virus",
    ),
    (
        Some(Class::Network),
        "\
         connection refused|connection timed out|timed out|timeout|time out|time-out|no route to host|unreachable|\
         connection reset|connection was reset|connection lost|lost connection|connection dropped|\
         connection was dropped|connection closed|connection died|connection failed|connection error|\
         could not connect|couldn't connect|cannot connect|can't connect|unable to connect|\
         delivery failed * attempts|maximum delivery attempts|failed to connect|establish an smtp connection|\
         establish a connection|not responding|did not respond|no response|not reachable|could not be reached|\
         couldn't be reached|could not be contacted|unable to contact|could not contact|retry time not reached|\
         delivery time expired|in the queue too long|in queue too long|queue for too long|too long in queue|\
         message expired|expired after|has been failing|have been failing|multiple retries|giving up on|gave up|\
         service not available|service unavailable; try|service temporarily unavailable|server busy|system busy|\
         network error|network unreachable|bad connection|broken pipe|starttls| tls|hop limit|queue period|\
         maximum time|messageexpired|queue.expired|deferred|it has not been collected",
    ),
];

/// What says little: that there is a rule. A telling status code is believed first.
pub const RULE: &str = "\
    relay|rcpthosts|policy|policies|denied|not allowed|not permitted|permission|not authorized|not authorised|\
    unauthorized|authoriz|prohibit|restrict|reject|blocked|refuse|forbidden|only accept|not accept|members only|\
    only members|private list|moderat|not wanted|administrat|security|reverse dns|ptr record|helo|sender verify|\
    sender address|we do not accept|no thank you|unacceptable|violat|challenge|whitelist|approved senders|\
    abgelehnt|refusé|rechazad|отклонен|user preference";

/// What is likely to be over some day.
pub const TEMPORARY: &str = "\
    timed out|timeout|time out|try again later|, try again|try later|temporar|deferred|in the queue too long|\
    in queue too long|queue for too long|too long in queue|connection refused|retry|retries|not responding|\
    did not respond|no response|unreachable|unable to connect|could not connect|cannot connect|can't connect|\
    couldn't connect|establish an smtp connection|expired|delivery time|giving up on|gave up|lost connection|\
    temp failure|connection dropped|connection was dropped|greylist|busy|too many connections|\
    could not be reached|it has not been collected|vorübergehend|for more than|not reachable|network error|\
    have been failing|has been failing|in the queue for|host not reachable|expire";

/// What a system that gave up says of a mailbox that it had tried several times.
pub const RETRIED: &str = "\
    retry timeout|temporar|deferred|transient|temp failure|giving up";

/// What a notice says that is no failure yet.
pub const DELAY: &str = "\
    warning message only|warning only|do not need to resend|need not resend|no need to resend|\
    not need to send it again|has been delayed|is delayed|was delayed|been delayed|will be retried|will retry|\
    will be tried again|will keep trying|will continue to try|continue trying|continues to try|\
    continue to be made|continue to attempt|delivery attempts will continue|still trying|still being attempted|\
    still in the queue|not yet been delivered|has not yet|has not been delivered yet|not been delivered after|\
    temporarily undeliverable|temporarily unable to deliver|will try again|attempts to deliver * will continue|\
    delivery temporarily suspended|could not send message for past|could not be delivered yet|\
    no action is required|transient non-fatal|transient errors|temporarily delayed|\
    message is still|being retried|noch nicht zugestellt|verzögert|weitere zustellversuche|retardé|aún no|\
    будет предпринята|до сих пор не";

/// What a system says that will not try again.
pub const FINAL: &str = "\
    giving up|gave up|given up|not going to try|no further attempt|permanent|has expired|too long|\
    will not be retried|retry timeout exceeded";

/// Subjects of notices of success.
pub const SUCCESS_SUBJECTS: &str = "\
    successful mail delivery|(success)|(relay)|return receipt|delivery receipt|successfully delivered";

/// Subjects of notices of delay.
pub const DELAY_SUBJECTS: &str = "\
    delayed|delay|could not send message for past|delivery status notification (delay)|verzögert|retard|\
    still being retried|temporarily undeliverable|transient|not yet been delivered|temporary";

/// Words for mail that did not arrive, which also tell a notice by its subject.
pub const FAILURE: &str = "\
    not be delivered|undeliver|not delivered|not deliver|couldn't deliver|can't deliver|couldn't be delivered|\
    can't be delivered|delivery failed|delivery failure|delivery has failed|delivery error|failure notice|\
    failed delivery|failed to deliver|mail failure|mail failed|unable to deliver|unable to be delivered|\
    unable to send|undelivered|nondeliverable|non-delivery|nondelivery|non deliverable|returned mail|\
    returned message|returned to sender|return to sender|returning to sender|mail returned|message returned|\
    permanent fatal errors|permanently failed|could not be sent|was not sent|cannot be sent|\
    delivery status notification|delivery notification|delivery report|delivery problem|problem deliver|\
    error sending|sending error|mail error|mail system error|failed recipient|failed address|mail could not|\
    message could not|mail delivery|delivery unsuccessful|nicht zugestellt|unzustellbar|nicht zustellbar|\
    nicht ausgeliefert|non remis|no entregado|error de entrega|devolvid|mancata consegna|non consegn|niedostarcz|\
    nie dostarcz|niet bezorgd|onbestelbaar|не доставлен|не было доставлено|недоставлен|недоставк|配信できません|送信できません|\
    退信|non recapitabile|ikke levert|ikke leveres|kan inte leverera|leveransfel|nelze doručit|nedoručiteln|\
    kézbesíthetetlen|teslim edilemedi|nicht übermittelt|전송 실패|배달되지|未送達|送信不可|配信不能|送信に失敗|退回";

/// Words of failure that people write as well.
pub const FAULT: &str = "\
    permanent error|fatal error|did not reach|not reach|not be sent|rejected|bounce|unknown recipient|\
    your message did not|not processed|failed:|unsuccessful|konnte nicht|kann nicht|fehler|n'a pas pu|n'a pu|\
    impossible|échec|echec|no se pudo|no se ha podido|no ha podido|não pôde|nao pode|falha|impossibile|\
    non è stato|nie można|zwrot|kunne ikke|kunde inte|niet worden|не может быть|не удалось|невозможно|エラー|无法|不能|\
    did not *match|ne peut pas|não foi possível|non è possibile|送达|投递";

/// What precedes a list of the addresses that failed.
pub const INTRODUCTIONS: &str = "\
    following address|following recipient|following destination|following user|following mail|following email|\
    following person|recipients of your message|to the following|for the following|these recipients|\
    these addresses|failed addresses|failed recipients|failing address|following e-mail|recipient(s)|\
    recipient list|did not reach|could not be delivered to|cannot be delivered to|undeliverable to|\
    unable to deliver * to|not delivered to|unable to deliver to|wasn't able to deliver|couldn't be delivered to|\
    delivery to|deliver mail to|deliver your message to|deliver the message to|can't be reached|not be reached|\
    addresses had|address had|addresses failed|intended recipient|message sent to|mail to|mail sent to|message to|\
    folgende|an die|an folgende|destinataire|destinatario|destinatári|следующ|адрес|seguinte|siguiente|suivant|\
    failed delivery to|reason for the failure|unknown address|who did not receive|did not receive|sent on";

/// Words right before the address of a recipient.
pub const RECIPIENT_LABELS: &str = "\
    recipient|recipients|rcpt to|rcpt|to|addressed|intended recipient|generated from|expanded from|userid|user|\
    account|mailbox|address|adresse|for|name|email|e-mail|recipient address|destinataire|empfänger|an|\
    destinatario|addressee|failed recipient|unknown user|user unknown|unknown|invalid recipient|delivered to|\
    sent to|no such user|not found|failed|error|original-recipient|final-recipient|rfc822|original recipient|\
    final recipient|smtp|a|para|à|failed to|bad address|local user";

/// Words right before an address that is not the recipient's.
pub const OTHER_LABELS: &str = "\
    from|mail from|sender|reply-to|reply to|return-path|contact|by|message-id|id|cc|visit|write to|email us at|\
    help|support|with|von|from user|postmaster|administrator|send mail to|please contact|questions to|return path|\
    your message from|de|absender|sender address|assistance|report to|send email to|message id|envelope-from|\
    mail us at|please email|or email|e-mail us|call|complaints to|abuse|generated by|list|sent by|new address is|\
    new address|replaced by|moved to|at our|notify|send a message to|send an email to|send an e-mail to|\
    send e-mail to|send your mail to|forward it to|\
    message-id of|message id of|identifier";

/// Words shortly before an address to which the reader is to write.
pub const REQUESTS: &str = "\
    forward the|forward this|forward your|contact |in error|believe|wenden sie sich|merci de contacter";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_written_as_texts_are_compared() {
        let all = [
            RULE,
            TEMPORARY,
            RETRIED,
            DELAY,
            FINAL,
            SUCCESS_SUBJECTS,
            DELAY_SUBJECTS,
            FAILURE,
            FAULT,
            INTRODUCTIONS,
            RECIPIENT_LABELS,
            OTHER_LABELS,
            REQUESTS,
        ];
        let clear = CLEAR.iter().map(|(_, phrases)| *phrases);
        for phrase in all.into_iter().chain(clear).flat_map(|phrases| phrases.split('|')) {
            assert!(!phrase.trim().is_empty(), "an empty phrase is in every text");
            assert_eq!(phrase, phrase.to_lowercase().replace('_', " "), "texts are compared in lower case");
            assert!(!phrase.contains("  "), "{phrase:?}: texts are squeezed");
            assert!(phrase.matches('*').count() <= 1, "{phrase:?}: one gap at most");
            assert!(!phrase.starts_with('*') && !phrase.ends_with('*'), "{phrase:?}: a gap is between words");
            assert!(phrase.split_once('*').is_none_or(|(before, _)| before.ends_with(' ')), "{phrase:?}");
        }
    }
}
