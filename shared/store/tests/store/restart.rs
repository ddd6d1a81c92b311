//! A data file outlives the process.

use sqm_local::Data;
use sqm_store::Filter;

use crate::setup::{Setup, acme};

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("below").join("data.db"));
    let setup = Setup::on(data.clone()).await;
    let query = setup.create("SELECT 1").await;
    setup.update(&query, "SELECT 2").await;
    setup.database.stop().await.unwrap();

    let setup = Setup::on(data).await;
    let read = setup.store.query(&acme(), query.summary.id).await.unwrap();
    assert_eq!((read.sql.as_str(), read.summary.version.get()), ("SELECT 2", 2));
    assert_eq!(setup.store.list(&acme(), &Filter::default(), 9, None).await.unwrap().items.len(), 1);
    setup.update(&read, "SELECT 3").await;
}
