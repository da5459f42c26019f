//! Procedures that the scripts of `seed/` call and do not define.

/// What `erp-sync.bas` calls: documents are stored as they come.
pub const ERP: &str = r#"
SUB process_purchase_order(event_type, order_id, data)
    SAVE "purchase_orders", order_id, data
END SUB
SUB process_invoice(event_type, invoice_id, data)
    SAVE "invoices", invoice_id, data
END SUB
"#;

/// What `conflict-resolver.bas` calls, for records with a phone and a title.
pub const RESOLVER: &str = r#"
SUB sync_to_remote(record_type, record_id, data)
    PUT "https://api.crm.com/" + record_type + "/" + record_id, data
END SUB
FUNCTION get_changed_fields(original, changed)
    fields = []
    IF original.phone <> changed.phone THEN
        fields.ADD("phone")
    END IF
    IF original.title <> changed.title THEN
        fields.ADD("title")
    END IF
    RETURN fields
END FUNCTION
FUNCTION merge_records(original, mine, theirs)
    merged = mine
    IF original.title <> theirs.title THEN
        merged.title = theirs.title
    END IF
    RETURN merged
END FUNCTION
FUNCTION summarize_data(data)
    RETURN "phone: " + data.phone
END FUNCTION
"#;

/// What `bulk-sync.bas` calls: pages of records with an id and a name; one without a name is refused.
pub const BULK: &str = r#"
FUNCTION build_source_url(system, entity, size, offset)
    RETURN "https://api.crm.com/" + entity + "?limit=" + size + "&offset=" + offset
END FUNCTION
FUNCTION transform_record(record, source, target, entity)
    WITH row = NEW OBJECT
        .external_id = record.id
        .name = record.name
    END WITH
    RETURN row
END FUNCTION
FUNCTION send_to_target(target, entity, row)
    IF row.name = "" THEN
        RETURN FALSE
    END IF
    SAVE "imported", row.external_id, row
    RETURN TRUE
END FUNCTION
"#;
