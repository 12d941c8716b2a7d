//! The table: an id, and the words in English, German, French, Spanish and Japanese. `{}` stands for a list or an address.

macro_rules! words {
    ($($id:ident: $en:literal, $de:literal, $fr:literal, $es:literal, $ja:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        #[allow(missing_docs, reason = "the English words say what each is")]
        pub struct Words { $(pub $id: &'static str,)* }

        /// In the order of `Language::ALL`.
        pub const TABLE: [Words; 5] = [
            Words { $($id: $en,)* },
            Words { $($id: $de,)* },
            Words { $($id: $fr,)* },
            Words { $($id: $es,)* },
            Words { $($id: $ja,)* },
        ];
    };
}

#[rustfmt::skip]
words! {
    skip: "Skip to the content", "Zum Inhalt", "Aller au contenu", "Ir al contenido", "本文へ";
    trial: "A trial without TLS: passwords and cookies are not protected on their way. Set public_url and put a proxy with https in front.",
        "Ein Probelauf ohne TLS: Passwörter und Cookies sind unterwegs nicht geschützt. Setzen Sie public_url und schalten Sie einen Proxy mit https davor.",
        "Un essai sans TLS : les mots de passe et les cookies ne sont pas protégés. Définissez public_url et placez un proxy https devant.",
        "Una prueba sin TLS: las contraseñas y las cookies no están protegidas. Defina public_url y ponga delante un proxy con https.",
        "TLS のない試用です。パスワードと Cookie は保護されません。public_url を設定し、https のプロキシを前に置いてください。";
    language: "Language", "Sprache", "Langue", "Idioma", "言語";
    log_in: "Log in", "Anmelden", "Se connecter", "Iniciar sesión", "ログイン";
    log_out: "Log out", "Abmelden", "Se déconnecter", "Cerrar sesión", "ログアウト";
    my_lists: "My lists", "Meine Listen", "Mes listes", "Mis listas", "参加中のリスト";
    account: "My account", "Mein Konto", "Mon compte", "Mi cuenta", "アカウント";
    address: "E-mail address", "E-Mail-Adresse", "Adresse e-mail", "Dirección de correo", "メールアドレス";
    password: "Password", "Passwort", "Mot de passe", "Contraseña", "パスワード";
    login_link: "Log in without a password", "Ohne Passwort anmelden", "Se connecter sans mot de passe", "Entrar sin contraseña", "パスワードなしでログイン";
    login_link_hint: "We mail you a link. It works once, for 15 minutes.", "Wir schicken Ihnen einen Link. Er gilt einmal, 15 Minuten lang.", "Nous vous envoyons un lien, valable une fois pendant 15 minutes.", "Le enviamos un enlace que vale una vez durante 15 minutos.", "リンクをメールで送ります。15 分間、1 回だけ使えます。";
    login_link_button: "Mail me a link", "Link zuschicken", "Envoyer un lien", "Enviar un enlace", "リンクを送る";
    login_failed: "Address and password do not fit together. A mailed link always works.",
        "Adresse und Passwort passen nicht zusammen. Ein zugeschickter Link hilft immer weiter.",
        "L'adresse et le mot de passe ne correspondent pas. Un lien envoyé par e-mail fonctionne toujours.",
        "La dirección y la contraseña no coinciden. Un enlace por correo siempre funciona.",
        "アドレスとパスワードが一致しません。メールのリンクもお使いいただけます。";
    link_sent: "Look into your mail", "Sehen Sie in Ihre E-Mail", "Consultez votre messagerie", "Mire su correo", "メールをご確認ください";
    link_sent_hint: "If {} is known here, a link is on its way to it.", "Wenn {} hier bekannt ist, ist ein Link dorthin unterwegs.", "Si {} est connue ici, un lien est en route.", "Si {} es conocida aquí, un enlace está en camino.", "{} が登録されていれば、リンクをお送りしました。";
    link_use: "Log in with this link?", "Mit diesem Link anmelden?", "Se connecter avec ce lien ?", "¿Entrar con este enlace?", "このリンクでログインしますか?";
    link_bad: "This link has been used, or is too old. Ask for another one.", "Dieser Link wurde schon benutzt oder ist zu alt. Lassen Sie sich einen neuen schicken.", "Ce lien a déjà servi ou est trop ancien. Demandez-en un autre.", "Este enlace ya se usó o es demasiado antiguo. Pida otro.", "このリンクは使用済みか、期限切れです。もう一度お求めください。";
    none: "You are a member of no list.", "Sie sind in keiner Liste Mitglied.", "Vous n'êtes membre d'aucune liste.", "No es miembro de ninguna lista.", "参加しているリストはありません。";
    you_run: "Lists that you look after", "Listen, die Sie betreuen", "Listes dont vous vous occupez", "Listas que usted atiende", "管理しているリスト";
    member_as: "Member as {}", "Mitglied als {}", "Membre sous {}", "Miembro como {}", "{} として参加中";
    mode: "What I get", "Was ich bekomme", "Ce que je reçois", "Lo que recibo", "配信方法";
    mode_post: "Every post as it comes", "Jeden Beitrag sofort", "Chaque message dès son arrivée", "Cada mensaje al llegar", "投稿ごとに配信";
    mode_digest: "Digests", "Sammelmails", "Des recueils", "Resúmenes", "ダイジェスト";
    mode_plain: "Digests in plain text", "Sammelmails als reiner Text", "Des recueils en texte brut", "Resúmenes en texto plano", "テキストのダイジェスト";
    mode_none: "No mail, I read elsewhere", "Keine Mail, ich lese woanders", "Aucun message, je lis ailleurs", "Ningún correo, leo en otra parte", "配信しない";
    own_posts: "Send me copies of my own posts", "Auch eigene Beiträge zuschicken", "M'envoyer aussi mes propres messages", "Enviarme también mis mensajes", "自分の投稿も受け取る";
    away: "No mail until", "Keine Mail bis", "Aucun message jusqu'au", "Sin correo hasta", "この日まで停止";
    away_hint: "While you are away; empty for mail from now on.", "Solange Sie weg sind; leer heißt: ab jetzt wieder Mail.", "Pendant votre absence ; vide pour recevoir dès maintenant.", "Mientras está fuera; vacío para recibir desde ya.", "不在の間だけ。空欄ならすぐに再開します。";
    mail_language: "What the list writes to me is in", "Was die Liste mir schreibt, ist auf", "La liste m'écrit en", "La lista me escribe en", "リストからの案内の言語";
    list_language: "the list's language", "der Sprache der Liste", "la langue de la liste", "el idioma de la lista", "リストの言語";
    save: "Save", "Speichern", "Enregistrer", "Guardar", "保存";
    saved: "Saved.", "Gespeichert.", "Enregistré.", "Guardado.", "保存しました。";
    leave: "Leave this list", "Diese Liste verlassen", "Quitter cette liste", "Dejar esta lista", "退会する";
    leave_hint: "You get no more mail from it. You can come back as you came.", "Sie bekommen keine Mail mehr von ihr und können jederzeit wiederkommen.", "Vous n'en recevrez plus rien et pourrez revenir.", "No recibirá más correo y puede volver cuando quiera.", "配信は止まります。いつでも再入会できます。";
    left: "You have left the list.", "Sie haben die Liste verlassen.", "Vous avez quitté la liste.", "Ha dejado la lista.", "退会しました。";
    threads: "Mute single subjects", "Einzelne Themen stummschalten", "Mettre des sujets en sourdine", "Silenciar temas", "話題ごとに配信を止める";
    threads_of: "Lately at {}", "Zuletzt in {}", "Récemment sur {}", "Últimamente en {}", "{} の最近の話題";
    threads_hint: "Of a muted subject you get no more posts; all others go on.", "Von einem stummgeschalteten Thema bekommen Sie keine weiteren Beiträge; alle anderen gehen weiter.", "D'un sujet en sourdine vous ne recevez plus rien ; les autres continuent.", "De un tema silenciado no recibe más mensajes; los demás continúan.", "止めた話題の投稿は届かなくなります。ほかの話題はそのままです。";
    threads_none: "Nothing that was written lately is kept.", "Von zuletzt ist nichts aufbewahrt.", "Aucun message récent n'est conservé.", "No se conserva nada reciente.", "最近の投稿は保存されていません。";
    mute: "Mute", "Stummschalten", "Mettre en sourdine", "Silenciar", "止める";
    unmute: "Unmute", "Wieder zuschicken", "Rétablir", "Reanudar", "再開する";
    muted: "muted", "stumm", "en sourdine", "silenciado", "停止中";
    stopped: "Mail to you is stopped, because it came back.", "Die Mail an Sie ist angehalten, weil sie zurückkam.", "L'envoi est suspendu, car les messages revenaient.", "El envío está detenido porque los mensajes volvían.", "配信エラーのため、配信を停止しています。";
    enable: "Send mail again", "Wieder zuschicken", "Reprendre l'envoi", "Reanudar el envío", "配信を再開";
    enabled: "Mail goes out to you again.", "Sie bekommen wieder Mail.", "L'envoi reprend.", "El envío se reanuda.", "配信を再開しました。";
    password_old: "Password so far", "Bisheriges Passwort", "Mot de passe actuel", "Contraseña actual", "現在のパスワード";
    password_old_hint: "Empty if you have none.", "Leer, wenn Sie keines haben.", "Vide si vous n'en avez pas.", "Vacía si no tiene.", "なければ空欄。";
    password_new: "New password", "Neues Passwort", "Nouveau mot de passe", "Contraseña nueva", "新しいパスワード";
    password_hint: "At least 10 characters; several words are best.", "Mindestens 10 Zeichen; am besten mehrere Wörter.", "Au moins 10 caractères ; plusieurs mots, c'est mieux.", "Al menos 10 caracteres; mejor varias palabras.", "10 文字以上。複数の単語がお勧めです。";
    password_change: "Change the password", "Passwort ändern", "Changer le mot de passe", "Cambiar la contraseña", "パスワードを変更";
    password_changed: "The password is changed.", "Das Passwort ist geändert.", "Le mot de passe est changé.", "La contraseña ha cambiado.", "パスワードを変更しました。";
    everywhere: "Log out everywhere", "Überall abmelden", "Se déconnecter partout", "Cerrar todas las sesiones", "すべての端末からログアウト";
    everywhere_hint: "Ends your sessions in all browsers, this one included.", "Beendet Ihre Sitzungen in allen Browsern, auch diese.", "Termine vos sessions dans tous les navigateurs, celui-ci compris.", "Cierra sus sesiones en todos los navegadores, también aquí.", "このブラウザを含むすべてのセッションを終了します。";
    export: "Save all that is stored about me", "Alles sichern, was über mich gespeichert ist", "Enregistrer tout ce qui est conservé sur moi", "Guardar todo lo que hay sobre mí", "保存されている自分の情報を取得";
    subscribe: "Subscribe to {}", "{} abonnieren", "S'abonner à {}", "Suscribirse a {}", "{} に参加";
    subscribe_hint: "We write to the address to ask whether it is you who wants this.", "Wir fragen an dieser Adresse nach, ob Sie das wollen.", "Nous écrivons à l'adresse pour vérifier que c'est bien vous.", "Escribimos a la dirección para confirmar que es usted.", "ご本人の希望か確認するメールをお送りします。";
    name: "Name", "Name", "Nom", "Nombre", "名前";
    optional: "optional", "freiwillig", "facultatif", "opcional", "任意";
    subscribe_button: "Subscribe", "Abonnieren", "S'abonner", "Suscribirse", "参加する";
    asked: "Look into your mail", "Sehen Sie in Ihre E-Mail", "Consultez votre messagerie", "Mire su correo", "メールをご確認ください";
    asked_hint: "If this can be done, a mail is on its way to {}. Nothing happens until you answer it.", "Wenn das möglich ist, ist eine Mail an {} unterwegs. Solange Sie nicht antworten, geschieht nichts.", "Si c'est possible, un message est en route vers {}. Rien ne se passe sans votre réponse.", "Si es posible, un mensaje va hacia {}. No pasa nada hasta que responda.", "可能であれば {} 宛てにメールをお送りしました。返信されるまで何も変わりません。";
    leave_title: "Leave the list?", "Die Liste verlassen?", "Quitter la liste ?", "¿Dejar la lista?", "退会しますか?";
    leave_ask: "One click, no login. You get no more mail from this list.", "Ein Klick, keine Anmeldung. Sie bekommen keine Mail mehr von dieser Liste.", "Un clic, sans connexion. Vous ne recevrez plus rien de cette liste.", "Un clic, sin sesión. No recibirá más correo de esta lista.", "ワンクリックで退会できます。ログインは不要です。";
    leave_button: "Unsubscribe", "Abbestellen", "Se désabonner", "Darse de baja", "退会する";
    gone: "{} gets no more mail from this list.", "{} bekommt keine Mail mehr von dieser Liste.", "{} ne recevra plus rien de cette liste.", "{} no recibirá más correo de esta lista.", "{} への配信は停止されました。";
    gone_already: "{} was no member any more. Nothing was left to do.", "{} war schon kein Mitglied mehr. Es war nichts zu tun.", "{} n'était déjà plus membre. Rien à faire.", "{} ya no era miembro. No había nada que hacer.", "{} はすでに退会済みです。";
    undo: "That was a mistake", "Das war ein Versehen", "C'était une erreur", "Fue un error", "間違えました";
    undo_hint: "We mail you a question; answer it and you are back.", "Wir schicken Ihnen eine Rückfrage; mit der Antwort sind Sie wieder dabei.", "Nous vous écrivons ; répondez et vous revenez.", "Le escribimos; responda y vuelve.", "確認メールに返信すると再入会できます。";
    confirm_title: "Confirm what you asked for?", "Bestätigen, worum Sie gebeten haben?", "Confirmer votre demande ?", "¿Confirmar lo que pidió?", "申し込みを確定しますか?";
    confirm_hint: "You came here by a link in a mail of a list. Nothing happens until you press the button.", "Sie kommen über einen Link in einer Mail einer Liste. Es geschieht nichts, bevor Sie den Knopf drücken.", "Vous venez d'un lien dans un message d'une liste. Rien ne se passe avant d'appuyer sur le bouton.", "Llega por un enlace del correo de una lista. No pasa nada hasta pulsar el botón.", "リストからのメールのリンクです。ボタンを押すまで何も変わりません。";
    confirm_button: "Confirm", "Bestätigen", "Confirmer", "Confirmar", "確定する";
    confirmed: "Done", "Erledigt", "C'est fait", "Hecho", "完了しました";
    confirmed_hint: "What you asked for is done at {}.", "Worum Sie gebeten haben, ist bei {} geschehen.", "Votre demande est faite auprès de {}.", "Lo que pidió está hecho en {}.", "{} への申し込みを処理しました。";
    waiting_hint: "A moderator of {} has to agree. You will get a mail.", "Eine Moderatorin oder ein Moderator von {} muss zustimmen. Sie bekommen eine Mail.", "La modération de {} doit accepter. Vous recevrez un message.", "La moderación de {} debe aceptar. Recibirá un correo.", "{} の管理者の承認をお待ちください。メールでお知らせします。";
    already_hint: "That was done before at {}. Nothing was left to do.", "Das war bei {} schon erledigt. Es war nichts zu tun.", "C'était déjà fait auprès de {}.", "Eso ya estaba hecho en {}.", "{} ではすでに処理済みです。";
    token_bad: "This link does not work", "Dieser Link geht nicht", "Ce lien ne fonctionne pas", "Este enlace no funciona", "このリンクは使えません";
    token_bad_hint: "It is too old, or was cut on its way. Copy all of it from the mail, or write to the list's address with -request or -unsubscribe before the @.", "Er ist zu alt oder wurde unterwegs abgeschnitten. Kopieren Sie ihn ganz aus der Mail, oder schreiben Sie an die Adresse der Liste mit -request oder -unsubscribe vor dem @.", "Il est trop ancien ou a été coupé. Copiez-le en entier, ou écrivez à l'adresse de la liste avec -request ou -unsubscribe avant le @.", "Es demasiado antiguo o se cortó. Cópielo entero, o escriba a la dirección de la lista con -request o -unsubscribe antes de la @.", "期限切れか、途中で切れています。メールから全体をコピーするか、@ の前に -request または -unsubscribe を付けたアドレスへご連絡ください。";
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    /// A word that was forgotten would be the English one, and a `{}` that was lost would leave out whom it is about.
    #[test]
    fn placeholders_are_the_same_in_every_language() {
        let count = |words: &super::Words| {
            format!("{words:?}").split("\", ").map(|word| word.matches("{}").count()).collect::<Vec<_>>()
        };
        for words in &TABLE[1..] {
            assert_eq!(count(words), count(&TABLE[0]));
        }
    }
}
